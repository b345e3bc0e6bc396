"""superpose sweep: make the images of many recipes in one, each once, on this machine or on many."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from superpose.cli.printing import complain, say
from superpose.cli.recipes import add_download, add_recipe, changes, first_option, registry
from superpose.errors import RecipeError

if TYPE_CHECKING:
    from superpose.recipe import Sweep
    from superpose.running.executor import Executor
    from superpose.running.sweep.plan import SweepPlan
    from superpose.running.sweep.sweeping import Status, SweepOutcome
    from superpose.running.sweep.tally import Tally


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_recipe(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the sweep (default: runs/NAME)")
    look = parser.add_mutually_exclusive_group()
    look.add_argument("--plan", action="store_true", help="print every job and what they cost, and make nothing")
    look.add_argument("--status", action="store_true", help="print what is done, and make nothing")
    parser.add_argument(
        "--executor",
        metavar="KIND[:VALUE]",
        help="where jobs are carried out, with the value of its first option; superpose kinds lists them",
    )
    parser.add_argument("--device", default="auto", help="cpu, cuda, mps; default: the best that each worker has")
    parser.add_argument("--limit", type=int, metavar="N", help="jobs to do this time, at most")
    parser.add_argument(
        "--collect", action="store_true", help="have workers send their images, where they do not see the folder"
    )
    parser.add_argument(
        "--verify", action="store_true", help="read every image that is there, also of the size and time noted"
    )
    parser.add_argument("--xy", metavar="X,Y", help="axes of the XY sheet: columns, rows (default: the last two axes)")
    parser.add_argument("--parquet", action="store_true", help="write the table of all images as Parquet, too")
    parser.add_argument("--gallery", action="store_true", help="write a page of all images to look at")
    add_download(parser)


def main(arguments: argparse.Namespace) -> int:
    """Carry out what is missing, with a progress bar; print tables, and what has failed."""
    from superpose.media.hub import downloads
    from superpose.recipe import load_sweep
    from superpose.running.sweep.folder import SweepFolder
    from superpose.running.sweep.xy import xy_axes

    known = registry(strict=arguments.strict_plugins)
    if arguments.limit is not None and arguments.limit < 1:
        raise RecipeError(f"--limit: must be at least 1, got {arguments.limit}")
    out = arguments.out or Path("runs") / Path(arguments.recipe).stem
    with downloads(arguments.allow_download):
        sweep = load_sweep(arguments.recipe, changes(arguments))
        if arguments.plan or arguments.status:
            return _shown(sweep, out, jobs=arguments.plan)
        xy = xy_axes([axis.key for axis in sweep.axes], arguments.xy or "")
        executor: Executor | None = None
        if arguments.executor is not None:
            executor = first_option(known, "executor", arguments.executor, "--executor")
        outcome = _carried_out(sweep, out, executor, arguments)
    with SweepFolder(out).held():
        _write_sheets(outcome, out, xy, arguments)
    return tell(outcome)


def _carried_out(sweep: Sweep, out: Path, executor: Executor | None, arguments: argparse.Namespace) -> SweepOutcome:
    """Make what is missing, with a progress bar over all workers."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from superpose.running.sweep.sweeping import sweep as carry_out

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("planning", total=None)
        began: list[int] = []

        def watch(tally: Tally) -> None:
            began.append(tally.there)  # what was there already says nothing of the time that is left
            failed = f", {len(tally.failed)} failed" if tally.failed else ""
            stopping = ", ending" if tally.stopped else ""
            done = tally.there + tally.made + len(tally.failed) - began[0]
            progress.update(task, description=f"jobs{failed}{stopping}", total=tally.jobs - began[0], completed=done)

        def inspected(number: int, count: int) -> None:
            progress.update(task, description="inspecting", total=count, completed=number)

        return carry_out(
            sweep,
            out,
            executor=executor,
            device=arguments.device,
            limit=arguments.limit,
            verify=arguments.verify,
            collect=arguments.collect,
            watch=watch,
            inspected=inspected,
        )


def _write_sheets(outcome: SweepOutcome, out: Path, xy: tuple[str, str], arguments: argparse.Namespace) -> None:
    """Write what shows the images, where any of them is new or it was asked for."""
    from superpose.running.sweep.folder import SweepFolder
    from superpose.running.sweep.results import rows_of, write_parquet
    from superpose.running.sweep.xy import write_xy

    folder = SweepFolder(out)
    if outcome.tally.stopped and not outcome.tables:
        return
    if arguments.xy or outcome.tally.made or not (out / "xy.png").exists():
        try:
            pages = write_xy(out, rows_of(folder, outcome.plan), *xy)
        except RecipeError as error:
            if arguments.xy:
                raise
            if outcome.tally.made:
                complain(error)
            pages = []
        for page in pages[:1]:
            say(page)
        if len(pages) > 1:
            complain(f"and {len(pages) - 1} more pages, one for each value of the other axes")
    if arguments.parquet:
        say(write_parquet(folder, outcome.plan))
    if arguments.gallery:
        from superpose.running.gallery import PAGE, write_gallery

        folders = {folder.job(job.job): job for job in outcome.plan.jobs if folder.finished(job.job) is not None}
        write_gallery(list(folders), out / PAGE, [_named(job.points[0]) for job in folders.values()])
        say(out / PAGE)


def _named(point: object) -> str:
    from superpose.recipe.plain import inline

    return inline(point).strip("{}")


def tell(outcome: SweepOutcome) -> int:
    """Print the tables and what has become of the jobs; 1 where any is not done."""
    tally = outcome.tally
    for path in outcome.tables:
        say(path)
    points = {job.job: job.points[0] for job in outcome.plan.jobs}
    if tally.failed:
        complain(f"{len(tally.failed)} jobs have failed; failed/JOB.json has the traceback of each:")
        for name, why in tally.failed.items():
            complain(f"  {name}  {_named(points[name])}: {why}")
    for name in tally.differing:
        complain(
            f"not the same twice: differing/{name} is another image than jobs/{name.partition('-')[0]}; both are kept"
        )
    there = f", {tally.there} were there already" if tally.there else ""
    left = f", {tally.left} are left: the same command goes on" if tally.left else ""
    stopped = f"{tally.stopped}; " if tally.stopped else ""
    complain(f"{stopped}{tally.made} of {tally.jobs} jobs made in {tally.seconds:.1f} s of sampling{there}{left}")
    return int(bool(tally.failed or tally.differing or tally.stopped))


def _shown(sweep: Sweep, out: Path, *, jobs: bool) -> int:
    """Print the jobs and their costs, or what is done of them."""
    from superpose.running.sweep.plan import planned, read_plan
    from superpose.running.sweep.sweeping import status_of

    plan = planned(sweep, read_plan(out))
    status = status_of(out, plan)
    if jobs:
        for job in plan.jobs:
            say(f"{job.job}  {_told(job.samples)}  {_named(job.points[0])}")
    for line in summary(plan, status, out):
        say(line)
    return 0


def _told(samples: object) -> str:
    numbers = list(samples) if isinstance(samples, list | tuple) else []
    whole = numbers == list(range(numbers[0], numbers[-1] + 1))
    return (
        f"samples {numbers[0]}-{numbers[-1]}"
        if whole and len(numbers) > 1
        else f"sample {', '.join(map(str, numbers))}"
    )


def summary(plan: SweepPlan, status: Status, out: Path) -> list[str]:
    """Cost of a sweep and how far it is, in lines."""
    from superpose.running.sweep.sweeping import seconds_a_row

    points = sum(len(job.points) for job in plan.jobs)
    merged = (
        f" (of {points} that the axes make, {points - len(plan.jobs)} are the same)" if points > len(plan.jobs) else ""
    )
    lines = [f"{len(plan.jobs)} jobs{merged}: {plan.samples} samples, {plan.rows} network rows"]
    failed = f", {len(status.failed)} failed" if status.failed else ""
    lines.append(f"{len(status.done)} done{failed}, {len(plan.jobs) - len(status.done) - len(status.failed)} to do")
    rate = seconds_a_row(status, out)
    done = {record.job for record in status.done}
    rows = sum(job.rows for job in plan.jobs if job.job not in done)
    if rate is None:
        lines.append("time: not known before a job is done; superpose sweep RECIPE --limit 1 does one")
    elif rows:
        lines.append(f"time: about {_span(rate * rows)} of one worker, at {1000 * rate:.3g} ms a row")
    lines += [
        f"failed: {name}: {str(noted.get('error', '')).strip().splitlines()[-1]}"
        for name, noted in status.failed.items()
    ]
    lines += [f"not the same twice: differing/{name}" for name in status.differing]
    return lines


def _span(seconds: float) -> str:
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"
