"""Words of images, set as in print: on a baseline, with kerning, as pixels and as outlines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from superpose.errors import RecipeError
from superpose.media.columns import places
from superpose.media.outlines import need_tracer, outlines
from superpose.media.png import write_png
from superpose.media.sheet import readings
from superpose.media.typeset import Zone, ink_of, typeset
from superpose.media.writing import write_text
from superpose.running.inside import inside
from superpose.running.splicing import columns_of

if TYPE_CHECKING:
    from superpose.media.frames import Picture
    from superpose.recipe import Subject

#: Bounds of the x-height, in pixels.
HEIGHTS = (8, 2000)


class Typeset(NamedTuple):
    """Files of a word.

    Attributes:
        picture: As pixels, in PNG.
        outlines: As curves, in SVG; None where nobody asked for them.
    """

    picture: Path
    outlines: Path | None


def typeset_word(
    image: str | Path,
    out: str | Path | None = None,
    *,
    height: int = 160,
    trace: bool = True,
    inputs: Mapping[str, str | Path] | None = None,
    overwrite: bool = False,
) -> Typeset:
    """Set the word of an image as print does: letters on a baseline, with kerning, black on white.

    Arguments:
        image: A PNG file that superpose wrote, by a recipe whose model paints letters beside each other.
        out: Folder of the files; by default that of the image.
        height: The x-height in pixels.
        trace: Whether to trace outlines too, which VTracer is needed for.
        inputs: Where files are that the recipe inside names and that do not travel, by its names for them.
        overwrite: Whether files that are there are replaced.

    Raises:
        RecipeError: If the image has no recipe inside or no letters, or a file would be replaced.
        RunError: If a file can't be written.
    """
    image = Path(image)
    if not HEIGHTS[0] <= height <= HEIGHTS[1]:
        raise RecipeError(f"the x-height is from {HEIGHTS[0]} to {HEIGHTS[1]} pixels, got {height}")
    if trace:
        need_tracer()
    folder = image.parent if out is None else Path(out)
    made = Typeset(folder / f"{image.stem}-word.png", folder / f"{image.stem}-word.svg" if trace else None)
    for path in filter(None, made):
        if path.exists() and not overwrite:
            raise RecipeError(f"{path} is there already: choose another folder with --out, or replace it: --overwrite")
    with inside(image, inputs) as found:
        columns, shown = columns_of(found.recipe()), found.shown()
        if columns == 1:
            raise RecipeError(f"{image}: its model paints no letters beside each other: name one that does in [model]")
        picture = shown.picture()
        zones, words = _zones(shown.subject, picture, columns)
    inks = [ink_of(column) for column in np.split(picture, columns, -1)]
    if blank := [i + 1 for i, ink in enumerate(inks) if ink is None]:
        raise RecipeError(f"{image}: nothing is drawn where letter {blank[0]} should be")
    pixels = typeset([(ink, zone) for ink, zone in zip(inks, zones, strict=True) if ink is not None], height)
    folder.mkdir(parents=True, exist_ok=True)
    write_png(made.picture, pixels)
    if made.outlines:
        write_text(outlines(pixels, "; ".join(words)) + "\n", made.outlines)
    return made


def _zones(subject: Subject, picture: Picture, columns: int) -> tuple[list[Zone], list[str]]:
    """The zone of each column, by what it is in every reading that shows it as a letter, and the words."""
    letters: list[list[tuple[str, bool]]] = [[] for _ in range(columns)]
    words = []
    shape = picture.shape[0], picture.shape[1], picture.shape[2]
    for reading in readings(subject):
        word, seen = reading.prompt or "", places(reading.look, shape, columns)
        if seen is None or len(word) != columns:
            continue
        words.append(word)
        for column, place in enumerate(seen):
            letters[column].append((word[place.column], place.upside_down))
    return [Zone.of(each) for each in letters], words
