"""Tasks that are carried out in waves: as many at a time as fit, each in a process of its own."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import attrs
from superpose import Clock, Executor, Pool, Result, option

CALL = """
import importlib, sys, traceback
from pathlib import Path
module, name, task, report, error = sys.argv[1:]
try:
    work = getattr(importlib.import_module(module), name)
    Path(report).write_text(work(Path(task).read_text()))
except Exception:
    Path(error).write_text(traceback.format_exc())
"""


@attrs.frozen(kw_only=True)
class Waves(Executor):
    """Carries out tasks in waves: as many at a time as fit, each in a process that ends with it."""

    kind = "waves"
    size: int = option(2, doc="tasks of a wave", ge=1)

    def start(self, work, needs):
        """Begin; a process is started for each task."""
        return Sea(work, self.size)


class Sea(Pool):
    """Tasks that wait, and the wave under way."""

    def __init__(self, work, size):
        self.work, self.size = work, size
        self.waiting, self.wave, self.clock = [], {}, Clock()
        self.folder = tempfile.TemporaryDirectory()

    def submit(self, task, text):
        """Have a task wait for the next wave."""
        self.waiting.append((task, text))

    def results(self, seconds):
        """Results of the processes that have ended; a wave begins when the last has ended."""
        if not self.wave:
            self._begin()
        end = time.monotonic() + seconds
        while True:
            ended = [task for task, (process, _) in self.wave.items() if process.poll() is not None]
            if ended or time.monotonic() > end:
                return [self._result(task) for task in ended]
            time.sleep(0.02)

    def running(self):
        """Tasks of the wave, each with its seconds."""
        return self.clock.seconds

    def stop(self, task):
        """End the process of a task."""
        if task in self.wave:
            self.wave[task][0].kill()

    def close(self):
        """End the wave."""
        for process, _ in self.wave.values():
            process.kill()
            process.wait()
        self.wave.clear()
        self.folder.cleanup()

    def _begin(self):
        for task, text in self.waiting[: self.size]:
            files = [Path(tempfile.mkdtemp(dir=self.folder.name), name) for name in ("task", "report", "error")]
            files[0].write_text(text)
            call = [sys.executable, "-c", CALL, self.work.__module__, self.work.__name__, *map(str, files)]
            self.wave[task] = subprocess.Popen(call), files
            self.clock.begin(task)
        del self.waiting[: self.size]

    def _result(self, task):
        process, (_, report, error) = self.wave.pop(task)
        self.clock.end(task)
        if error.exists():
            return Result(task, error=error.read_text())
        if process.returncode or not report.exists():
            return Result(task, error=f"its process ended with code {process.returncode}", lost=True)
        return Result(task, report.read_text())
