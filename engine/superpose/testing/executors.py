"""The laws of executors: every task has one result, whatever becomes of its worker."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NoReturn

from superpose.errors import LawError
from superpose.running.executor import Needs
from superpose.running.trial import trial
from superpose.testing.law import Law, figures

if TYPE_CHECKING:
    from superpose.running.executor import Executor, Pool, Result

#: Seconds that workers are waited for.
PATIENCE = 120.0


def check_executor(executor: Executor) -> dict[str, float]:
    """Hold an executor to all its laws.

    Returns:
        The figure of each law by its name.

    Raises:
        LawError: For the first one that it breaks.
    """
    return figures(laws(executor))


def laws(executor: Executor) -> Iterator[Law]:
    """The laws of an executor; those of lost workers where its tasks have processes of their own."""
    yield Law("each-task-once", lambda: each_task_once(executor))
    if executor.isolated:
        yield Law("outlives-workers", lambda: outlives_workers(executor))


def each_task_once(executor: Executor) -> float:
    """Each task has just one result, its own; one that raises has its traceback, and the others go on."""
    tasks = [*(f"task {number}" for number in range(7)), "raise"]
    with executor.start(trial, Needs()) as pool:
        found = _carried_out(executor, pool, tasks)
        if pool.size < 1:
            _broken(executor, f"it has {pool.size} workers")
    off = 0
    for task in tasks[:-1]:
        off += found[task].report != task[::-1]
    if off:
        _broken(executor, f"{off} of {len(tasks) - 1} tasks have another report than the work has returned")
    error = found["raise"]
    if error.report is not None or error.lost or "it was told to raise" not in error.error:
        _broken(executor, f"a task that raises has no traceback: {error}")
    return float(off)


def outlives_workers(executor: Executor) -> float:
    """A task whose worker dies or is stopped is lost, just once, and all others are carried out."""
    tasks = ["die", "hang", *(f"task {number}" for number in range(3))]
    with executor.start(trial, Needs()) as pool:
        found = _carried_out(executor, pool, tasks)
    for task in ("die", "hang"):
        if not found[task].lost or found[task].report is not None:
            _broken(executor, f"a task that was to {task} is not lost: {found[task]}")
    if wrong := [task for task in tasks[2:] if found[task].report != task[::-1]]:
        _broken(executor, f"{len(wrong)} tasks were lost with workers that did others")
    return 0.0


def _carried_out(executor: Executor, pool: Pool, tasks: Sequence[str]) -> dict[str, Result]:
    """The result of each task; one that hangs is stopped once it is begun."""
    for task in tasks:
        pool.submit(task, task)
    found: dict[str, Result] = {}
    counted: Counter[str] = Counter()
    end = time.monotonic() + PATIENCE
    while len(found) < len(tasks) and time.monotonic() < end:
        for result in pool.results(0.1):
            found[result.task] = result
            counted[result.task] += 1
        if "hang" in pool.running():
            pool.stop("hang")
    for result in pool.results(0.2):
        counted[result.task] += 1
    if missing := [task for task in tasks if task not in found]:
        _broken(executor, f"{len(missing)} of {len(tasks)} tasks have no result after {PATIENCE:g} s: {missing[0]!r}")
    if twice := [task for task, count in counted.items() if count > 1 or task not in tasks]:
        _broken(executor, f"the task {twice[0]!r} has {counted[twice[0]]} results")
    return found


def _broken(executor: Executor, what: str) -> NoReturn:
    raise LawError(f"executor {executor.kind!r} {executor}: {what}")
