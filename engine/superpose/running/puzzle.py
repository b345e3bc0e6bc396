"""Puzzles of images: printed, cut into the pieces that a view moves, and put together in both ways."""

from __future__ import annotations

import math
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from superpose.errors import RecipeError
from superpose.media.frames import in_pixels, resized
from superpose.media.paper import (
    Number,
    Page,
    Sheet,
    check_millimetres,
    check_print,
    print_zoom,
    write_pdf,
    write_svg,
)
from superpose.running.enlarging import painted_larger
from superpose.running.inside import inside

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from superpose.estimate.model import Model
    from superpose.estimate.view import View
    from superpose.media.cutting import Cutting
    from superpose.media.frames import Picture
    from superpose.recipe import Subject

#: Pieces that somebody would cut out, at most.
MOST = 400
#: Bounds of the bleed in millimetres.
BLEEDS = 0.0, 50.0
#: The size of a number in millimetres, at most, and as a share of a piece.
SIZE, SHARE = 8.0, 0.25


class Puzzle(NamedTuple):
    """Files of a puzzle.

    Attributes:
        lines: The cut lines, in SVG.
        pages: The pages to print, in PDF; None where nobody asked for them.
    """

    lines: Path
    pages: Path | None


def puzzle(
    image: str | Path,
    out: str | Path | None = None,
    *,
    view: int | None = None,
    width: float = 180.0,
    bleed: float = 3.0,
    scale: int | None = None,
    stage: Model | None = None,
    pages: bool = True,
    inputs: Mapping[str, str | Path] | None = None,
    overwrite: bool = False,
) -> Puzzle:
    """Make a puzzle of an image that a view cuts into pieces: lines to cut along, and pages to print.

    The pages are the picture with its bleed; its back, with the number of each piece; and the pieces put together in
    both ways, numbered, as they will lie on the table.

    Arguments:
        image: A PNG file that superpose wrote.
        out: Folder of the files; by default that of the image.
        view: Number of the view that cuts it, from 0; None where only one does.
        width: Of the cut picture, in millimetres.
        bleed: Millimetres of picture beyond its edge, which is mirrored there.
        scale: Each pixel is printed as so many a side, interpolated (Lanczos); by default as 300 an inch need.
        stage: A network that enlarges, which paints the image over at its size before it is printed.
        pages: Whether to write the pages, which ReportLab is needed for.
        inputs: Where files are that the recipe inside names and that do not travel, by its names for them.
        overwrite: Whether files that are there are replaced.

    Raises:
        RecipeError: If the image has no recipe inside, or no view of it cuts it into pieces, or several do; or if a
            file would be replaced.
        RunError: If a file can't be written.
    """
    image = Path(image)
    _check(width, bleed, scale)
    if pages and find_spec("reportlab") is None:
        raise RecipeError("the pages need ReportLab, pip install 'superpose[print]'; --no-pages leaves them out")
    folder = image.parent if out is None else Path(out)
    made = Puzzle(folder / f"{image.stem}-puzzle.svg", folder / f"{image.stem}-puzzle.pdf" if pages else None)
    for path in made:
        if path and path.exists() and not overwrite:
            raise RecipeError(f"{path} is there already: choose another folder with --out, or replace it: --overwrite")
    with inside(image, inputs) as found:
        subject, picture = painted_larger(found, stage) if stage else found.looked_at()
        chosen = _chosen(image, subject, picture, view)
        cut = _Cut.of(chosen, picture, width, scale)
    folder.mkdir(parents=True, exist_ok=True)
    millimetres = width / picture.shape[2]
    sheet = Sheet(
        f"{image.name}, cut by {chosen.kind}",
        picture.shape[1] * millimetres,
        width,
        bleed,
        tuple(line * millimetres for line in cut.cutting.lines),
        min(SIZE, SHARE * math.sqrt(np.bincount(cut.cutting.labels.flat).min()) * width / cut.cutting.labels.shape[1]),
    )
    before, after = cut.numbers(millimetres)
    write_svg(made.lines, sheet, before)
    if made.pages:
        margin = round(bleed / width * cut.printed.shape[1])
        front, second = (_bled(each, margin) for each in (cut.printed, cut.assembled(chosen, picture)))
        both = (Page(front, before, cut=True), Page(second, after, cut=True))
        write_pdf(made.pages, sheet, (Page(front), Page(None, before, cut=True, back=True), *both))
    return made


def _check(width: float, bleed: float, scale: int | None) -> None:
    check_print(width, scale)
    check_millimetres("bleed", bleed, BLEEDS)


def _chosen(image: Path, subject: Subject, picture: Picture, number: int | None) -> View:
    """The view that cuts the image."""
    _, height, width = picture.shape
    views = [term.view for term in subject.view]
    if number is not None and not 0 <= number < len(views):
        raise RecipeError(f"{image}: there is no view {number}; its views are numbered from 0 to {len(views) - 1}")
    asked = views if number is None else [views[number]]
    cut = [view for view in asked if view.cutting(height, width) is not None]
    if not cut:
        told = ", ".join(view.kind for view in asked) or "it has no views"
        raise RecipeError(f"{image}: no view of it cuts it into pieces that are moved ({told})")
    if len(cut) > 1:
        told = " and ".join(f"{views.index(view)} ({view.kind})" for view in cut)
        raise RecipeError(f"{image}: views {told} cut it: choose one with --view")
    return cut[0]


class _Cut(NamedTuple):
    """A picture that is printed and cut.

    Attributes:
        printed: As it is printed, in 8 bits, shape (H, W, 3).
        cutting: Its pieces, as finely as it is printed.
        coarse: The same pieces, as finely as the picture was.
    """

    printed: NDArray[np.uint8]
    cutting: Cutting
    coarse: Cutting

    @classmethod
    def of(cls, view: View, picture: Picture, width: float, scale: int | None) -> _Cut:
        """Cut a picture; refuses more pieces than anybody would cut out."""
        _, tall, wide = picture.shape
        zoom = print_zoom(tall, wide, width, scale)
        cutting, coarse = view.cutting(tall, wide, zoom), view.cutting(tall, wide)
        if cutting is None or coarse is None:
            raise RecipeError(f"view {view.kind!r} cuts pictures of this size, and none of {zoom} times as many pixels")
        if len(cutting.pieces) > MOST:
            raise RecipeError(
                f"view {view.kind!r} cuts it into {len(cutting.pieces)} pieces, and at most {MOST} are cut"
            )
        return cls(in_pixels(resized(picture, tall * zoom, wide * zoom)), cutting, coarse)

    def assembled(self, view: View, picture: Picture) -> NDArray[np.uint8]:
        """The printed pieces as they lie in the end."""
        ground = in_pixels(resized(view.frame(picture, 1.0), *self.printed.shape[:2]))
        return self.cutting.assembled(self.printed.transpose(2, 0, 1), ground.transpose(2, 0, 1)).transpose(1, 2, 0)

    def numbers(self, millimetres: float) -> tuple[tuple[Number, ...], tuple[Number, ...]]:
        """The number of each piece, in its middle, before and after it has moved."""
        before, after = [], []
        for number, piece in enumerate(self.coarse.pieces):
            middle = inmost(self.coarse.labels == number)
            [goes] = piece.moved(middle[None])
            text = str(number + 1)
            before.append(Number(text, _at(middle, millimetres)))
            after.append(Number(text, _at(goes, millimetres), piece.turn))
        return tuple(before), tuple(after)


def _at(point: NDArray[np.float64], millimetres: float) -> tuple[float, float]:
    down, along = (point * millimetres).tolist()
    return down, along


def inmost(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The middle of a pixel that is as deep inside a piece as any: where its number stands."""
    left = np.pad(mask, 1)
    while (peeled := left & _shifted(left)).any():
        left = peeled
    deep = np.argwhere(left) - 0.5
    middle: NDArray[np.float64] = deep[((deep - deep.mean(0)) ** 2).sum(-1).argmin()]
    return middle


def _shifted(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where all four neighbours are of the piece."""
    inner: NDArray[np.bool_] = np.zeros_like(mask)
    inner[1:-1, 1:-1] = mask[:-2, 1:-1] & mask[2:, 1:-1] & mask[1:-1, :-2] & mask[1:-1, 2:]
    return inner


def _bled(pixels: NDArray[np.uint8], margin: int) -> NDArray[np.uint8]:
    """A picture with its mirror image around it."""
    return np.pad(pixels, ((margin, margin), (margin, margin), (0, 0)), mode="symmetric")
