"""The driver of a sweep: hands out jobs, tries lost ones again, and goes on after those that fail."""

from __future__ import annotations

import json
import signal
import threading
from base64 import b64decode
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from superpose.errors import RunError
from superpose.running.sweep.folder import SweepFolder
from superpose.running.sweep.tally import Tally

if TYPE_CHECKING:
    from superpose.recipe import SweepOptions
    from superpose.running.executor import Pool, Result
    from superpose.running.sweep.plan import PlannedJob

#: Seconds between two looks at the clock, and jobs handed out for each worker, the one it does included.
LOOK, AHEAD = 0.5, 2


class Interrupts:
    """Interrupts by the user that have been counted: the first asks for an end, the second ends at once."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, number: int, frame: object) -> None:
        """Count one."""
        del number, frame
        self.count += 1
        if self.count > 1:
            raise KeyboardInterrupt("interrupted twice")


@contextmanager
def interrupts() -> Iterator[Interrupts]:
    """Count Ctrl-C, and what ends programs, instead of raising for the first; only the main thread can."""
    found = Interrupts()
    names = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    mine = names if threading.current_thread() is threading.main_thread() else []
    before = {number: signal.getsignal(number) for number in mine if signal.getsignal(number) is not signal.SIG_IGN}
    for number in before:
        signal.signal(number, found)
    try:
        yield found
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Driver:
    """Drives the jobs of a sweep through a pool of workers.

    Attributes:
        tally: What has become of the jobs so far.
    """

    def __init__(
        self,
        folder: SweepFolder,
        pool: Pool,
        options: SweepOptions,
        tally: Tally,
        watch: Callable[[Tally], object] = lambda _: None,
        device: str = "auto",
        *,
        collect: bool = False,
    ) -> None:
        self.folder, self.pool, self.options, self.tally, self.watch = folder, pool, options, tally, watch
        self.device, self.collect = device, collect
        self._tries: Counter[str] = Counter()
        self._hanging: set[str] = set()

    def drive(self, jobs: Sequence[PlannedJob]) -> Tally:
        """Have all jobs done.

        Raises:
            KeyboardInterrupt: At the second interrupt; workers are ended where the pool is closed.
        """
        waiting, under_way = deque(jobs), dict[str, "PlannedJob"]()
        with interrupts() as asked:
            while waiting or under_way:
                if asked.count and not self.tally.stopped:
                    self.tally.stopped = "interrupted"
                while waiting and not self.tally.stopped and len(under_way) < AHEAD * self.pool.size:
                    job = waiting.popleft()
                    under_way[job.job] = job
                    self.pool.submit(job.job, self._order(job))
                if not under_way:
                    break
                for result in self.pool.results(LOOK):
                    job = under_way.pop(result.task)
                    if not self._done(result) and not self._failed(result, job):
                        waiting.append(job)
                    self.watch(self.tally)
                self._stop_hanging()
        return self.tally

    def _order(self, job: PlannedJob) -> str:
        from superpose.running.sweep.worker import Order  # which imports torch

        folder = str(self.folder.path.absolute())
        about = folder, job.job, job.recipe, job.samples, self.device, job.costs.stages, self.collect
        return Order(*about).to_json()

    def _done(self, result: Result) -> bool:
        """Take note of a report; False where there is none."""
        if result.report is None:
            return False
        report = json.loads(result.report)
        if "files" in report:
            report |= self._taken(result.task, report["files"])
        if "disk" in report:
            self.tally.stopped = report["disk"]
            return True
        self.folder.forgive(result.task)
        self.tally.there += report["how"] != "made"
        self.tally.made += report["how"] == "made"
        self.tally.seconds += report.get("seconds", 0.0)
        if report["how"] == "differs":
            self.tally.differing.append(report["draft"])
        return True

    def _taken(self, name: str, files: Mapping[str, str]) -> dict[str, str]:
        """Put a job in place that has come from a machine which does not see the folder."""
        try:
            how, draft = self.folder.take(name, {file: b64decode(content) for file, content in files.items()})
        except RunError as error:
            return {"disk": str(error)}
        return {"how": how, "draft": draft}

    def _failed(self, result: Result, job: PlannedJob) -> bool:
        """Take note of a job that was tried; True where it is not to be tried again."""
        hung = result.task in self._hanging
        self._hanging.discard(result.task)
        if result.lost and not hung and self.folder.finished(result.task) is not None:
            self.tally.made += 1  # its worker died after it was done
            return True
        self._tries[result.task] += 1
        if self._tries[result.task] <= self.options.retries:
            return False
        why = f"it took more than {self.options.timeout:g} s" if hung else result.error.strip() or "its worker is gone"
        said = {"tries": self._tries[result.task], "error": why, "samples": job.samples, "points": job.points}
        self.tally.failed[result.task] = why.splitlines()[-1]
        try:
            self.folder.fail(result.task, said)
        except RunError as error:
            self.tally.stopped = str(error)
        return True

    def _stop_hanging(self) -> None:
        if not self.options.timeout:
            return
        for task, seconds in self.pool.running().items():
            if seconds > self.options.timeout and task not in self._hanging:
                self._hanging.add(task)
                self.pool.stop(task)
