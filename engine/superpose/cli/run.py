"""superpose run: make the images of a recipe."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from superpose.cli.printing import say
from superpose.cli.recipes import add_download, add_recipe, read_recipe

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from superpose import Step


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_recipe(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for the images (default: runs/NAME)")
    parser.add_argument("--device", default="auto", help="cpu, cuda, cuda:1, mps; default: the best there is")
    parser.add_argument(
        "--resume", action="store_true", help="keep what an unfinished run has made and go on from there"
    )
    add_download(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace images of another recipe in the folder")


def main(arguments: argparse.Namespace) -> int:
    """Run the recipe with a progress bar and print the paths of what it made."""
    from superpose.hub import downloads

    with downloads(arguments.allow_download):
        return _run(arguments)


def _run(arguments: argparse.Namespace) -> int:
    recipe = read_recipe(arguments)

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from superpose.output.run import Job

    out = arguments.out or Path("runs") / Path(arguments.recipe).stem
    job = Job.of(recipe, out, device=arguments.device, resume=arguments.resume, overwrite=arguments.overwrite)
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    made = 0
    try:
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task("sampling", total=job.steps)
            for path in job.make(job.pending, [Bar(progress, task)]):
                made += 1
                say(path)
        outcome = job.close()
    except KeyboardInterrupt:
        kept = f"{recipe.run.samples - len(job.pending) + made} of {recipe.run.samples} images are finished"
        console.print(f"superpose: interrupted; {kept}; go on with --resume", highlight=False, soft_wrap=True)
        return 1
    say(outcome.sheet)
    kept_before = recipe.run.samples - len(job.pending)
    note = f" ({kept_before} were there already)" if kept_before else ""
    console.print(f"{made} {'image' if made == 1 else 'images'} in {outcome.seconds:.1f} s{note}", highlight=False)
    return 0


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
