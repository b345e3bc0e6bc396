"""Watching a run: its progress bar, and what its images look like as they form, on the terminal or on a page."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from superpose.cli.printing import complain
from superpose.errors import RecipeError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from superpose import Observer, Step
    from superpose.cli.asking import Graphics, Terminal
    from superpose.cli.page import Page
    from superpose.cli.preview import Screen
    from superpose.running.job import Job
    from superpose.running.series import Series


class Place(NamedTuple):
    """Place of a preview.

    Attributes:
        page: Whether it is a page, and no terminal.
        graphics: How pictures come onto the terminal; None for what it says itself.
        port: Of a page; 0 for any that is free.
    """

    page: bool = False
    graphics: Graphics | None = None
    port: int = 0


def add_preview(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of previews."""
    parser.add_argument(
        "--preview", action="store_true", help="show on the terminal what the images look like while they form"
    )
    parser.add_argument(
        "--preview-on",
        metavar="WHERE",
        help="the same on a local page to open in a browser (page, or page:PORT), or on the terminal in graphics that "
        "it does not say it has (kitty, sixel, blocks)",
    )


def place(arguments: argparse.Namespace) -> Place | None:
    """Place where the preview is asked for; None where none is."""
    asked: str | None = arguments.preview_on
    if asked is None:
        return Place() if arguments.preview else None

    from superpose.cli.asking import GRAPHICS

    for graphics in GRAPHICS:
        if asked == graphics:
            return Place(graphics=graphics)
    name, colon, port = asked.partition(":")
    if name != "page":
        raise RecipeError(f"--preview-on {asked}: write page, page:PORT, {' or '.join(GRAPHICS)}")
    if colon and not (port.isascii() and port.isdigit() and 0 < int(port) < 2**16):
        raise RecipeError(f"--preview-on {asked}: a port is a number from 1 to 65535, such as page:8000")
    return Place(page=True, port=int(port or 0))


@contextlib.contextmanager
def watched(job: Job | Series, console: Console, where: Place | None) -> Iterator[list[Observer]]:
    """The observers of a run, with its bar, and its preview where one is asked for."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

    from superpose.cli.graphics import REFRESHES, OnTerminal, PictureProgress
    from superpose.cli.preview import Preview

    terminal = _terminal(console, where)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # rich would show on the terminal what is meant for a file or another program.
    redirected = sys.stdout is not None and sys.stdout.isatty()
    bar = PictureProgress(
        *columns,
        console=console,
        transient=True,
        redirect_stdout=redirected,
        refresh_per_second=REFRESHES[terminal.graphics] if terminal else 10,
    )
    with contextlib.ExitStack() as stack:
        screen: Screen | None = None
        if terminal is not None:
            screen = OnTerminal(bar, terminal)
            stack.callback(screen.clear)
        elif where is not None and where.page:
            screen = stack.enter_context(_page(job, console, where.port))
        stack.enter_context(bar)
        observers: list[Observer] = [Bar(bar, bar.add_task("sampling", total=job.steps))]
        yield observers if screen is None else [*observers, Preview(screen)]


def _terminal(console: Console, where: Place | None) -> Terminal | None:
    """The terminal that a preview is shown on; None where it is shown elsewhere, or nowhere."""
    from superpose.cli.asking import terminal_of

    if where is None or where.page:
        return None
    if not console.is_terminal:
        complain("the preview is shown nowhere: standard error is no terminal; --preview-on page is for a browser")
        return None
    return terminal_of(sys.stderr, console.width, console.height, where.graphics)


@contextlib.contextmanager
def _page(job: Job | Series, console: Console, port: int) -> Iterator[Page]:
    """The page of a run, whose address is printed; it tells how the run has ended."""
    from superpose.cli.page import Page
    from superpose.media.sheet import readings

    asked = [reading.label for reading in readings(job.recipe.subject) if reading.prompt is not None]
    with Page(job.out.name, asked, lambda: job.carried, port) as page:
        console.print(f"preview: {page.address}", highlight=False, soft_wrap=True)
        try:
            yield page
        except KeyboardInterrupt:
            page.end(f"The run was stopped; --resume goes on. {job.finished} images are finished.")
            raise
        page.end(f"The run is over; its images are in {job.out}.")


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
