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
from superpose.errors import RecipeError

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from superpose import Observer, Step
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
    parser.add_argument("--overwrite", action="store_true", help="replace images of another recipe in the folder")
    parser.add_argument(
        "--preview", action="store_true", help="show on the terminal what the images look like while they form"
    )


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

    out = arguments.out or Path("runs") / Path(arguments.recipe).stem
    drawn = arguments.of or 0
    options = {name: getattr(arguments, name) for name in ("device", "resume", "overwrite")}
    if several(recipe):
        if classifier is not None:
            raise RecipeError("--best chooses among images of one recipe, and this one names several files")
        with Series.of(recipe, out, **options) as series:
            return _made(series, series.close, preview=arguments.preview)
    with Job.of(recipe, out, drawn=drawn, **options) as job:
        if classifier is None:
            return _made(job, job.close, preview=arguments.preview)
        if arguments.resume and job.has_chosen(arguments.best):
            print(f"the best {arguments.best} of {drawn} samples are there already", file=sys.stderr)
            return 0
        return _made(job, lambda: chosen(job, classifier, arguments.best), tell=False, preview=arguments.preview)


def _made(job: Job | Series, close: Callable[[], Outcome], *, tell: bool = True, preview: bool = False) -> int:
    """Make what is to be made, with a progress bar.

    Arguments:
        job: What to make.
        close: Ends it.
        tell: Whether to print each image when it is made.
        preview: Whether to show what is made as it forms.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

    from superpose.cli.preview import PictureProgress, Preview

    console = Console(stderr=True)
    if preview and not console.is_terminal:
        complain("--preview shows nothing here: standard error is no terminal")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    wanted = job.wanted
    # rich would show on the terminal what is meant for a file or another program.
    redirected = sys.stdout is not None and sys.stdout.isatty()
    try:
        with PictureProgress(*columns, console=console, transient=True, redirect_stdout=redirected) as progress:
            task = progress.add_task("sampling", total=job.steps)
            watching: list[Observer] = [Bar(progress, task)]
            if preview and console.is_terminal:
                watching.append(Preview(progress.put, console.width))
            for path in job.make_pending(watching):
                if tell:
                    say(path)
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


class Bar:
    """The progress bar as an observer.

    On a GPU the loop runs ahead of the device, so each step leaves an event, and the bar counts those that have
    passed: the remaining time is that of the device, which is never made to wait.
    """

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self.progress, self.task = progress, task
        self.ahead: list[object] = []

    def see(self, step: Step) -> None:
        """Count a step."""
        if step.x.device.type != "cuda":
            self.progress.advance(self.task)
            return
        import torch

        event = torch.cuda.Event()
        event.record()
        self.ahead.append(event)
        while self.ahead and self.ahead[0].query():  # type: ignore[attr-defined]
            self.ahead.pop(0)
            self.progress.advance(self.task)
