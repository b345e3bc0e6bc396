"""The folder of a run: its own as long as it runs, and nothing in it is replaced that is not its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from superpose.errors import RecipeError
from superpose.media.png import sheet_of
from superpose.media.writing import clear_drafts, make_writable
from superpose.running.lock import locked


@contextmanager
def taken(out: Path) -> Iterator[None]:
    """Take a folder, made if it is not there; nobody else runs into it as long as the block lasts.

    Raises:
        RunError: If it can't be written to, or another run has it.
    """
    make_writable(out)
    with locked(out):
        clear_drafts(out)
        yield


def refuse_to_replace(images: Collection[Path], pages: Collection[Path], run: str, overwrite: bool) -> None:
    """Raise `RecipeError` before anything is sampled, if an image or a page would replace what is not this run's.

    Arguments:
        images: Paths of images that, where they are there, are of another recipe.
        pages: Paths of the pages of the contact sheet.
        run: Identity of the run.
        overwrite: Whether they may be replaced.
    """
    there = [path for path in sorted({*images, *pages}) if path.exists()]
    for path in there:
        if not path.is_file():
            raise RecipeError(f"{path} is in the way, and no file: choose another folder with --out")
    if overwrite:
        return
    cure = "choose another folder with --out, or replace them with --overwrite"
    if others := [path for path in there if path in set(images)]:
        raise RecipeError(f"{others[0].parent} holds images of another recipe ({others[0].name} is one): {cure}")
    if sheets := [path for path in there if sheet_of(path) != run]:
        raise RecipeError(f"{sheets[0].parent} holds a {sheets[0].name} that is not this recipe's: {cure}")
