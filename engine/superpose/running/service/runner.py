"""The runner of a service: takes tasks from the queue, one after another, and tells what happens to them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from superpose.running.service.screening import Bounds
from superpose.running.service.tasks import State, Task, Tasks

#: Seconds that a worker that is told to stop may take to save its state; then it is killed.
GRACE = 15.0
#: Bytes of a line that a worker tells, at most.
LINE = 2**20


@attrs.define(eq=False)
class Runner:
    """Carries out the tasks of a folder.

    Attributes:
        tasks: The queue.
        bounds: Bounds of each task.
        folders: Where recipes may read files.
        device: Where networks run.
    """

    tasks: Tasks
    bounds: Bounds
    folders: tuple[Path, ...] = ()
    device: str = "auto"
    _changed: asyncio.Condition = attrs.field(factory=asyncio.Condition, init=False)
    _worker: asyncio.subprocess.Process | None = attrs.field(default=None, init=False)
    _stopped: set[str] = attrs.field(factory=set, init=False)

    async def run(self) -> None:
        """Carry tasks out until cancelled; the one that runs then is put back into the queue at the next start."""
        self.tasks.recover()
        while True:
            if (task := next((it for it in self.tasks if it.state == "queued"), None)) is None:
                async with self._changed:
                    await self._changed.wait()
                continue
            await self._carry_out(task)
            self._forget_oldest()

    async def add(self, recipe: str, samples: int) -> Task:
        """Put a recipe at the end of the queue."""
        task = self.tasks.add(recipe, samples)
        await self._tell_all()
        return task

    async def cancel(self, task: Task) -> Task:
        """End a task that has not ended; what it has made stays."""
        if task.state == "queued":
            return await self._end(task, "cancelled")
        if task.state == "running":
            self._stopped.add(task.id)
            await self._stop()
            async for _ in self.events(task, sys.maxsize):  # until it has ended
                pass
        return self.tasks.get(task.id) or task

    async def events(self, task: Task, seen: int = 0) -> AsyncIterator[tuple[int, str]]:
        """Events of a task with their numbers, those after the first ``seen``, up to the one that ends it."""
        while True:
            now = self.tasks.get(task.id)
            for event in self.tasks.events(task, seen) if now else ():
                seen += 1
                yield seen, event
            if now is None or now.ended:
                return
            async with self._changed:
                if len(self.tasks.events(task, seen)) == 0:
                    await self._changed.wait()

    async def _carry_out(self, task: Task) -> None:
        self.tasks.keep(attrs.evolve(task, state="running"))
        folder, errors = self.tasks.folder(task.id), []
        with (folder / "log.txt").open("ab") as log:
            self._worker = worker = await asyncio.create_subprocess_exec(
                *self._command(folder),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                limit=LINE,
            )
        if task.id in self._stopped:  # while its worker came to be
            await self._stop()
        try:
            async with asyncio.timeout(self.bounds.seconds):
                async for event in _events(worker):
                    if event.get("event") == "wrong":
                        errors = [str(line) for line in event.get("errors", ())]
                    else:
                        await self._tell(task, event)
                code = await worker.wait()
        except TimeoutError:
            code, errors = 1, [f"took more than the {self.bounds.seconds:g} s that this service allows"]
        finally:
            await self._stop()
            self._worker = None
        if task.id in self._stopped:
            self._stopped.discard(task.id)
            await self._end(task, "cancelled")
        elif code == 0:
            await self._end(task, "finished")
        else:
            await self._end(task, "failed", errors or [f"the worker ended unexpectedly (exit code {code})"])

    def _command(self, folder: Path) -> list[str]:
        bounds = ["--samples", str(self.bounds.samples), "--rows", str(self.bounds.rows)]
        allowed = [word for folder in self.folders for word in ("--allow", str(folder))]
        module = "superpose.running.service.worker"
        # -P: what lies in the working folder is no module of ours.
        return [sys.executable, "-P", "-m", module, str(folder), "--device", self.device, *bounds, *allowed]

    async def _stop(self) -> None:
        """Have the worker save its state and end; kill it where it does not."""
        worker = self._worker
        if worker is None or worker.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            worker.terminate()
        try:
            async with asyncio.timeout(GRACE):
                await worker.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                worker.kill()
            await worker.wait()

    async def _end(self, task: Task, state: State, errors: list[str] | None = None) -> Task:
        ended = attrs.evolve(task, state=state, errors=tuple(errors or ()))
        # The event first: whoever reads that a task has ended finds the last of its events.
        self.tasks.tell(task.id, {"event": state, **({"errors": errors} if errors else {})})
        self.tasks.keep(ended)
        await self._tell_all()
        return ended

    async def _tell(self, task: Task, event: Mapping[str, Any]) -> None:
        self.tasks.tell(task.id, event)
        await self._tell_all()

    async def _tell_all(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _forget_oldest(self) -> None:
        ended = [task for task in self.tasks if task.ended]
        for task in ended[: max(0, len(ended) - self.bounds.kept)]:
            self.tasks.remove(task)


async def _events(worker: asyncio.subprocess.Process) -> AsyncIterator[dict[str, Any]]:
    """What a worker tells; a line that is no event is a library's, and nobody's here."""
    if worker.stdout is None:
        return
    async for line in worker.stdout:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and isinstance(event.get("event"), str):
            yield event
