"""Tasks in processes of this machine, each with a graphics card of its own where there are any.

Processes are spawned and not forked: a fork would carry over the threads of torch and the state of a card. One that
dies is told by its pipe, its task is lost, and another takes its place.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import traceback
from collections import deque
from collections.abc import Iterator, Mapping
from multiprocessing.connection import Connection, wait

import attrs

from superpose import Clock, Executor, Needs, Pool, Result, RunError, Work, option

#: Deaths in a row of workers that had not even begun, after which more of them are not started.
PATIENCE = 3
_CARDS = "CUDA_VISIBLE_DEVICES"


@attrs.frozen(kw_only=True)
class Processes(Executor):
    """Carries out tasks in processes of this machine, which are started anew where one dies.

    There are as many as there are graphics cards, each with one of its own; without any, as many as the cores have
    room for with ``run.threads`` threads each.
    """

    kind = "processes"

    workers: int = option(0, doc="processes; 0 for one a graphics card, or as many as the cores have room for", ge=0)

    def start(self, work: Work, needs: Needs) -> Pool:
        """Start the processes."""
        cards = _cards(needs)
        return _Pool(work, self.workers or len(cards) or max(1, cores() // needs.threads), cards)

    def rank(self, needs: Needs) -> int:
        """Before all that is in one process, where there is more than one core or a card."""
        return 2 if cores() > 1 or _cards(needs) else 0


def cores() -> int:
    """Cores of the processor that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cards(needs: Needs) -> list[str]:
    """The graphics cards that workers share out, as the variable that shows them names each."""
    if needs.device not in ("auto", "cuda"):
        return []
    if named := os.environ.get(_CARDS):
        return named.split(",")
    import torch

    return [str(number) for number in range(torch.cuda.device_count())]


@attrs.define(eq=False)
class _Worker:
    """A process and this end of its pipe.

    Attributes:
        card: The graphics card that it alone sees; None for all there are.
        ready: Whether it has told that it is there.
        task: What it does; empty for nothing.
    """

    process: multiprocessing.process.BaseProcess
    pipe: Connection
    card: str | None
    ready: bool = False
    task: str = ""


class _Pool(Pool):
    def __init__(self, work: Work, size: int, cards: list[str]) -> None:
        self.work, self.size = work, size
        self.waiting: deque[tuple[str, str]] = deque()
        self.clock = Clock()
        self.early_deaths = 0
        self.workers = [self._start(cards[i % len(cards)] if cards else None) for i in range(size)]

    def submit(self, task: str, text: str) -> None:
        self.waiting.append((task, text))
        self._hand_out()

    def results(self, seconds: float) -> list[Result]:
        found: list[Result] = []
        for pipe in wait([worker.pipe for worker in self.workers], seconds):
            worker = next(it for it in self.workers if it.pipe is pipe)
            try:
                message = worker.pipe.recv()
            except (EOFError, OSError):
                found += self._replace(worker)
                continue
            if worker.ready:
                found.append(Result(worker.task, *message))
                self._end(worker)
            worker.ready, self.early_deaths = True, 0
        self._hand_out()
        return found

    def running(self) -> Mapping[str, float]:
        return self.clock.seconds

    def stop(self, task: str) -> None:
        for worker in self.workers:
            if worker.task == task:
                worker.process.kill()  # its pipe then tells that it is gone

    def close(self) -> None:
        for worker in self.workers:
            worker.process.kill()
            worker.process.join()
            worker.pipe.close()
        self.workers.clear()

    def _start(self, card: str | None) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self.work), daemon=True)
        with _showing(card):
            process.start()
        theirs.close()  # or nobody would be told when it dies
        return _Worker(process, ours, card)

    def _hand_out(self) -> None:
        for worker in self.workers:
            if self.waiting and worker.ready and not worker.task:
                worker.task, text = self.waiting.popleft()
                self.clock.begin(worker.task)
                with contextlib.suppress(OSError):  # it is gone; its pipe tells
                    worker.pipe.send(text)

    def _end(self, worker: _Worker) -> None:
        self.clock.end(worker.task)
        worker.task = ""

    def _replace(self, worker: _Worker) -> Iterator[Result]:
        """Start another worker for one that is gone; the result of what that did."""
        worker.process.join()
        worker.pipe.close()
        how = f"its worker ended by {_how(worker.process.exitcode)}"
        self.early_deaths += not worker.ready
        if self.early_deaths >= PATIENCE * self.size:
            cure = "a script that starts a sweep needs: if __name__ == '__main__'"
            raise RunError(f"workers die as they start ({_how(worker.process.exitcode)}): {cure}")
        if worker.task:
            yield Result(worker.task, error=how, lost=True)
        self._end(worker)
        self.workers[self.workers.index(worker)] = self._start(worker.card)


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit code {code}"


@contextlib.contextmanager
def _showing(card: str | None) -> Iterator[None]:
    """Have a process that is started meanwhile see one card alone."""
    before = os.environ.get(_CARDS)
    if card is not None:
        os.environ[_CARDS] = card
    try:
        yield
    finally:
        if card is not None:
            os.environ.pop(_CARDS)
            if before is not None:
                os.environ[_CARDS] = before


def _serve(pipe: Connection, work: Work) -> None:
    """The life of a worker: one task after the other, until nobody has one for it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who hands out tasks, and lets this one be finished
    with contextlib.suppress(EOFError, OSError):  # who hands them out is gone
        pipe.send(())
        while True:
            text = pipe.recv()
            try:
                pipe.send((work(text), ""))
            except Exception:
                pipe.send((None, traceback.format_exc()))
