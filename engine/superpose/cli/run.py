"""superpose run: make the images of a recipe."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from superpose.cli.best import chosen, reader_of, refuse_choice
from superpose.cli.printing import complain, say
from superpose.cli.recipes import add_download, add_recipe, read_recipe
from superpose.cli.score import add_classifier
from superpose.cli.watching import add_preview, place, watched
from superpose.errors import RecipeError

if TYPE_CHECKING:
    from superpose.cli.watching import Place
    from superpose.recipe import Recipe
    from superpose.running.job import Job, Outcome
    from superpose.running.series import Series


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_recipe(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for the images (default: runs/NAME)")
    parser.add_argument("--device", default="auto", help="cpu, cuda, cuda:1, mps; default: the best there is")
    parser.add_argument(
        "--resume", action="store_true", help="keep what an unfinished run has made and go on from there"
    )
    add_download(parser)
    parser.add_argument("--best", type=int, metavar="K", help="keep the K best of --of N samples, as scores rank them")
    parser.add_argument("--of", type=int, metavar="N", help="samples to draw for --best, in the place of --samples")
    add_classifier(parser)
    parser.add_argument(
        "--tune", action="store_true", help="measure which run.batch_size is fastest here, and write it into the recipe"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace images of another recipe in the folder")
    add_preview(parser)


def main(arguments: argparse.Namespace) -> int:
    """Run the recipe with a progress bar and print the paths of what it made."""
    from superpose.media.hub import downloads

    with stopping(), downloads(arguments.allow_download):
        return _run(arguments)


def _run(arguments: argparse.Namespace) -> int:
    refuse_choice(arguments)
    arguments.samples = arguments.of or arguments.samples
    recipe = read_recipe(arguments)
    classifier = reader_of(recipe, arguments) if arguments.best else None

    from superpose.recipe.patterns import several
    from superpose.running.job import Job
    from superpose.running.series import Series

    where = place(arguments)
    out = arguments.out or Path("runs") / Path(arguments.recipe).stem
    drawn = arguments.of or 0
    options = {name: getattr(arguments, name) for name in ("device", "resume", "overwrite")}
    if arguments.tune:
        recipe = _tuned(recipe, arguments)
    if several(recipe):
        if classifier is not None:
            raise RecipeError("--best chooses among images of one recipe, and this one names several files")
        with Series.of(recipe, out, **options) as series:
            return _made(series, series.close, where)
    with Job.of(recipe, out, drawn=drawn, **options) as job:
        if classifier is None:
            return _made(job, job.close, where)
        if arguments.resume and job.has_chosen(arguments.best):
            print(f"the best {arguments.best} of {drawn} samples are there already", file=sys.stderr)
            return 0
        return _made(job, lambda: chosen(job, classifier, arguments.best), where, tell=False)


def _tuned(recipe: Recipe, arguments: argparse.Namespace) -> Recipe:
    """The recipe with the rows of a forward pass that are fastest; what was measured is told on standard error."""
    from superpose.running.machine import chosen_device
    from superpose.running.tuning import tuned

    if arguments.resume:
        cure = "give the run.batch_size that it told, by --set run.batch_size=N"
        raise RecipeError(f"--tune: a run that goes on has its rows already; {cure}")
    if recipe.run.batch_size:
        raise RecipeError(f"--tune: the recipe says run.batch_size = {recipe.run.batch_size}: leave out one of both")

    def tell(rows: int, seconds: float) -> None:
        print(f"run.batch_size = {rows}: {seconds:.3g} s a sample", file=sys.stderr)

    made = tuned(recipe, chosen_device(recipe.run.device if arguments.device == "auto" else arguments.device), tell)
    print(f"run.batch_size = {made.run.batch_size} it is", file=sys.stderr)
    return made


def _made(job: Job | Series, close: Callable[[], Outcome], where: Place | None = None, *, tell: bool = True) -> int:
    """Make what is to be made, with a progress bar.

    Arguments:
        job: What to make.
        close: Ends it.
        where: Where to show what is made as it forms; None for nowhere.
        tell: Whether to print each image when it is made.
    """
    from rich.console import Console

    console = Console(stderr=True)
    wanted = job.wanted
    try:
        with watched(job, console, where) as observers:
            for _ in job.make_pending(observers, say if tell else None):
                pass
        outcome = close()
    except KeyboardInterrupt as error:
        how = str(error) or "interrupted"
        complain(f"{how}; {job.finished} of {wanted} images are finished; go on with --resume")
        return 1
    for sheet in outcome.sheets:
        say(sheet)
    kept_before = wanted - len(job.pending)
    made = len(job.made)
    note = f" ({kept_before} were there already)" if kept_before else ""
    console.print(f"{made} {'image' if made == 1 else 'images'} in {outcome.seconds:.1f} s{note}", highlight=False)
    return 0


@contextlib.contextmanager
def stopping() -> Iterator[None]:
    """Have SIGTERM and SIGHUP stop the block as Ctrl-C does, so that the state of the batch is saved."""
    names = {"SIGTERM": "terminated", "SIGHUP": "hung up"}
    said = {getattr(signal, name): word for name, word in names.items() if hasattr(signal, name)}

    def stop(number: int, _frame: object) -> None:
        for each in said:  # a terminal that closes tells it twice, and the second must not stop the saving
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt(said[signal.Signals(number)])

    before = {}
    if threading.current_thread() is threading.main_thread():
        # What is ignored stays so: nohup.
        before = {each: signal.getsignal(each) for each in said if signal.getsignal(each) is signal.SIG_DFL}
    for each in before:
        signal.signal(each, stop)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
