"""Running a sweep: plan, what is missing, workers, and the tables of what there is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from superpose.errors import RecipeError, RunError
from superpose.media.writing import make_writable
from superpose.plugins import load_plugins
from superpose.running.executor import Executor, Needs
from superpose.running.record import read_record
from superpose.running.sweep.driver import Driver
from superpose.running.sweep.folder import JobRecord, SweepFolder
from superpose.running.sweep.plan import PlannedJob, SweepPlan, by_networks, planned, read_plan
from superpose.running.sweep.results import write_results
from superpose.running.sweep.tally import Tally

if TYPE_CHECKING:
    from superpose.recipe import Sweep
    from superpose.running.executor import Pool


@attrs.frozen
class SweepOutcome:
    """Outcome of a sweep.

    Attributes:
        plan: All jobs.
        tally: What has become of them.
        tables: The files that list the images.
    """

    plan: SweepPlan
    tally: Tally
    tables: tuple[Path, ...]


def sweep(
    sweep: Sweep,
    out: str | Path,
    *,
    executor: Executor | None = None,
    device: str = "auto",
    limit: int | None = None,
    verify: bool = False,
    collect: bool = False,
    watch: Callable[[Tally], object] = lambda _: None,
    inspected: Callable[[int, int], object] = lambda *_: None,
) -> SweepOutcome:
    """Make what is missing of a sweep; call it again after whatever has stopped it.

    Arguments:
        sweep: The sweep: see `superpose.load_sweep`.
        out: Its folder; made if it is not there. Several sweeps of the same recipe may work in it at once.
        executor: Where jobs are carried out; by default what the recipe says, or else one for this machine.
        device: A torch device for all workers, or ``auto`` for the best that each has.
        limit: Jobs to do this time, at most; all by default.
        verify: Read every image that is there, also where it has the size and the time that were noted.
        collect: Have the images travel back with the reports, from machines that do not see ``out``.
        watch, inspected: Told after each job; told how many recipes have been inspected, of how many.

    Raises:
        RecipeError: With every mistake of every recipe.
        RunError: If the folder can't be written, or workers can't be started.
    """
    make_writable(Path(out))
    with (folder := SweepFolder(Path(out))).held() as others:
        plan = planned(sweep, read_plan(folder.path), inspected)
        plan.write(folder.path)
        missing = [job for job in plan.jobs if folder.finished(job.job, read=verify) is None]
        tally = Tally(len(plan.jobs), there=len(plan.jobs) - len(missing))
        watch(tally)
        if missing:
            jobs = _in_order(missing, others)[:limit]
            with _started(executor or sweep.options.executor, Needs(plan.threads, device)) as pool:
                Driver(folder, pool, sweep.options, tally, watch, device, collect=collect).drive(jobs)
        return SweepOutcome(plan, tally, _tables(folder, plan, tally))


def _tables(folder: SweepFolder, plan: SweepPlan, tally: Tally) -> tuple[Path, ...]:
    """Write the tables; none where the disk takes no image any more, and so no table either."""
    try:
        return tuple(write_results(folder, plan))
    except RunError:
        if not tally.stopped:
            raise
        return ()


def _in_order(jobs: list[PlannedJob], others: bool) -> list[PlannedJob]:
    """Jobs in the order to do them: a second sweep beside the first begins at the other end, and they meet."""
    ordered = by_networks(jobs)
    return ordered[::-1] if others else ordered


def _started(chosen: Executor | None, needs: Needs) -> Pool:
    from superpose.running.sweep.worker import work

    return (chosen or default_executor(needs)).start(work, needs)


def default_executor(needs: Needs) -> Executor:
    """The executor for this machine.

    Raises:
        RecipeError: If none is installed that may be taken unasked.
    """
    registry = load_plugins()
    ranked = {name: make().rank(needs) for name, make in registry.kinds("executor").items()}
    best = max(ranked, key=lambda name: ranked[name], default="")
    if not ranked.get(best):
        raise RecipeError(
            f"no executor can be taken unasked: name one with --executor; known: {registry.known('executor')}"
        )
    made: Executor = registry.get("executor", best)()
    return made


@attrs.frozen
class Status:
    """Status of a sweep, from its folder.

    Attributes:
        plan: All jobs.
        done: Accounts of those that are done.
        failed: What was noted of those that have failed, by their identity.
        differing: Folders of jobs that were made twice, with different images.
    """

    plan: SweepPlan
    done: tuple[JobRecord, ...]
    failed: dict[str, dict[str, object]]
    differing: tuple[str, ...]


def status_of(out: str | Path, plan: SweepPlan | None = None) -> Status:
    """The status of the sweep in a folder.

    Arguments:
        out: The folder.
        plan: The jobs; those of the plan in the folder by default.

    Raises:
        RecipeError: If no sweep was begun in it.
    """
    folder = SweepFolder(Path(out))
    plan = plan or read_plan(folder.path)
    if plan is None:
        raise RecipeError(f"{out}: no sweep was begun in it; superpose sweep RECIPE --out {out} begins one")
    done = [record for job in plan.jobs if (record := folder.finished(job.job)) is not None]
    names = {record.job for record in done}
    failed = {
        job.job: noted for job in plan.jobs if job.job not in names and (noted := folder.failure(job.job)) is not None
    }
    return Status(plan, tuple(done), failed, folder.differing)


def seconds_a_row(status: Status, other_run: Path | None = None) -> float | None:
    """Seconds that a worker has taken for one network row, loading left out; None where nothing was made yet.

    Arguments:
        status: Jobs that are done.
        other_run: Folder of a run of the recipe, which tells it where no job does.
    """
    rows = {job.job: job.rows for job in status.plan.jobs}
    sampled, counted = sum(it.seconds for it in status.done), sum(rows[it.job] for it in status.done)
    if counted == 0 and other_run is not None and (record := read_record(other_run)) is not None:
        sampled, counted = record.seconds, record.made * sum(stage["total"] for stage in record.stages)
    return sampled / counted if counted and sampled else None
