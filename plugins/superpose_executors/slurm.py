"""Tasks as jobs of a Slurm cluster, an array at a time, by submitit (https://github.com/facebookincubator/submitit).

What is submitted names a function and a file, both of which each node finds in the shared folder; what comes back lies
there as well. A job that the cluster has ended or lost is told as a lost task.
"""

from __future__ import annotations

import importlib
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from superpose import Clock, Executor, Needs, Pool, RecipeError, Result, Work, option

#: Seconds between two looks at the jobs: the cluster is asked for all of them at once, and not too often.
LOOK = 0.5


@attrs.frozen(kw_only=True)
class Slurm(Executor):
    """Carries out tasks as jobs of a Slurm cluster, submitted as arrays; for sweeps of long jobs.

    Each job starts anew and reads its networks: give it enough to do (``sweep.chunk``). All nodes share the folder of
    the sweep and the working folder. submitit is installed with ``superpose[slurm]``.
    """

    kind = "slurm"

    partition: str = option("", doc="partition of the cluster; '' for its default")
    workers: int = option(16, doc="jobs of an array that run at a time, at most", ge=1)
    minutes: int = option(60, doc="minutes after which the cluster ends a job", ge=1)
    gpus: int = option(0, doc="graphics cards of a job", ge=0)
    folder: str = option("slurm", doc="folder for the scripts and what the jobs print, from the working folder")
    cluster: str = option("slurm", doc="'local' carries out the same jobs on this machine", choices=("slurm", "local"))

    def start(self, work: Work, needs: Needs) -> Pool:
        """Begin; jobs are submitted when there are tasks.

        Raises:
            RecipeError: submitit is not installed, or there is no Slurm here.
        """
        try:
            submitit = importlib.import_module("submitit")
        except ImportError as error:
            raise RecipeError('submitit is not installed: pip install "superpose[slurm]"') from error
        try:
            executor = submitit.AutoExecutor(folder=self.folder, cluster=self.cluster)
        except RuntimeError as error:
            raise RecipeError(f"there is no Slurm here: {error}") from error
        executor.update_parameters(**self.parameters(needs))
        return _Pool(submitit, executor, work, self.workers)

    def parameters(self, needs: Needs) -> dict[str, Any]:
        """What submitit is told of each job."""
        given: dict[str, Any] = {"timeout_min": self.minutes, "cpus_per_task": needs.threads, "name": "superpose"}
        if self.gpus:
            given["gpus_per_node"] = self.gpus
        if self.cluster == "slurm":
            given["slurm_array_parallelism"] = self.workers
            if self.partition:
                given["slurm_partition"] = self.partition
        return given


def carried_out(module: str, name: str, text: str) -> tuple[str | None, str]:
    """Carry out a task where the cluster has put it: its report, or else the traceback."""
    try:
        return getattr(importlib.import_module(module), name)(text), ""
    except Exception:
        return None, traceback.format_exc()


class _Pool(Pool):
    def __init__(self, submitit: Any, executor: Any, work: Work, size: int) -> None:
        self.submitit, self.executor, self.size = submitit, executor, size
        self.work = work.__module__, work.__name__
        self.waiting: list[tuple[str, str]] = []
        self.jobs: dict[str, Any] = {}
        self.clock = Clock()

    def submit(self, task: str, text: str) -> None:
        self.waiting.append((task, text))

    def results(self, seconds: float) -> list[Result]:
        self._hand_out()
        end = time.monotonic() + seconds
        while True:
            if ended := [task for task, job in self.jobs.items() if job.done()]:
                return [self._result(task) for task in ended]
            for task, job in self.jobs.items():
                if job.state == "RUNNING" and task not in self.clock.seconds:
                    self.clock.begin(task)
            if time.monotonic() > end:
                return []
            time.sleep(min(LOOK, seconds))

    def running(self) -> Mapping[str, float]:
        return self.clock.seconds

    def stop(self, task: str) -> None:
        self.jobs[task].cancel(check=False)

    def close(self) -> None:
        for job in self.jobs.values():
            job.cancel(check=False)

    def _hand_out(self) -> None:
        """Submit what waits as one array."""
        if not self.waiting:
            return
        with self.executor.batch():
            for task, text in self.waiting:
                self.jobs[task] = self.executor.submit(carried_out, *self.work, text)
        self.waiting.clear()

    def _result(self, task: str) -> Result:
        job = self.jobs.pop(task)
        self.clock.end(task)
        try:
            report, error = job.result()
        except Exception as lost:  # what submitit raises of a job that has no result depends on how it ended
            return Result(
                task, error=f"its job {job.job_id} is gone: {str(lost).strip() or type(lost).__name__}", lost=True
            )
        for path in (job.paths.submitted_pickle, job.paths.result_pickle, job.paths.stdout, job.paths.stderr):
            Path(path).unlink(missing_ok=True)
        return Result(task, report, error)
