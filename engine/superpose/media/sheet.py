"""The contact sheet: what was given, then every reading of every sample, with the prompt it should show."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from superpose.media.images import to_pixels

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.recipe import ComposeTerms, Subject

Show = Callable[["Tensor"], "Tensor"]

TILE = 128  # smallest side of a tile in pixels; small images are enlarged by a whole factor
WIDTH = 1000  # of a page, roughly
HEIGHT = 8000  # of a page at most, unless one sample is taller
GAP = 8
LABEL = 18
UNTOLD = "(unconditional)"  # what an empty prompt is called
WHOLE = "whole"  # the label of an image that is to be taken apart
GIVEN = "given"  # stands over what was not sampled, where samples have their number
INK, PAPER, FAINT, EDGE = (24, 24, 24), (255, 255, 255), (120, 120, 120), (208, 208, 208)


class Reading(NamedTuple):
    """One way to look at an image.

    Attributes:
        label: What it should show.
        show: The image as it looks then; (N, C, H, W) to (N, C, H', W').
    """

    label: str
    show: Show


class Given(NamedTuple):
    """A picture that the recipe was given: a source, a mask.

    Attributes:
        label: What it is.
        pixels: In 8 bits, (H, W, C).
    """

    label: str
    pixels: NDArray[np.uint8]


def readings(subject: Subject) -> list[Reading]:
    """Every way in which the recipe wants the image to be read, in the order of the recipe."""
    if subject.view:
        return [
            Reading(inner.label, _after(term.view.apply, inner.show))
            for term in subject.view
            for inner in readings(term.subject)
        ]
    if subject.decomposition is not None:
        decomposition = subject.decomposition.decomposition
        return [Reading(WHOLE, _same)] + [
            Reading(f"{name}: {inner.label}", _after(decomposition.part(name), inner.show))
            for name, part in subject.decomposition.parts
            for inner in readings(part)
            if inner.label != WHOLE
        ]
    if subject.compose is not None:
        return _composed(subject.compose)
    return [Reading(subject.prompt or UNTOLD, _same)]


def _composed(terms: ComposeTerms) -> list[Reading]:
    """Prompts as one reading, ``A AND B NOT C``, and those of every other subject that is shown."""
    shown, hidden = ([term.subject for term in half] for half in (terms.conjuncts, terms.negated))
    label = " AND ".join(subject.prompt or UNTOLD for subject in shown if subject.prompt is not None)
    label += "".join(f" NOT {subject.prompt or UNTOLD}" for subject in hidden if subject.prompt is not None)
    others = [reading for subject in shown if subject.prompt is None for reading in readings(subject)]
    return [Reading(label.strip(), _same), *others] if label else others


def _same(x: Tensor) -> Tensor:
    return x


def _after(first: Show, second: Show) -> Show:
    return lambda x: second(first(x))


def sheet(images: Tensor, subject: Subject, numbers: Sequence[int], given: Sequence[Given] = ()) -> NDArray[np.uint8]:
    """A contact sheet as pixels, (H, W, 3).

    Arguments:
        images: Samples in [-1, 1], shape (N, C, H, W), of a number that `per_page` allows.
        subject: What they should show.
        numbers: Numbers of the samples, printed beside them.
        given: Pictures they were made of, each in a place of its own before the samples.
    """
    ways = readings(subject)
    shown = [to_pixels(way.show(images)) for way in ways]
    samples = [
        (f"{number:04}", [(way.label, _tile(pixels[i])) for way, pixels in zip(ways, shown, strict=True)])
        for i, number in enumerate(numbers)
    ]
    width, height = _cell([tile for _, tile in samples[0][1]])
    largest = max(tile.height for _, tile in samples[0][1])
    cells = [(GIVEN, [(one.label, _fitted(one.pixels, largest))]) for one in given] + samples
    margin = 2 * GAP
    rows = math.ceil(len(cells) / min(len(cells), _columns(width)))
    columns = math.ceil(len(cells) / rows)
    canvas = Image.new("RGB", (columns * (width + margin) + margin, rows * (height + margin) + margin), PAPER)
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(13)
    for i, (title, tiles) in enumerate(cells):
        x = margin + (i % columns) * (width + margin)
        y = margin + (i // columns) * (height + margin)
        draw.text((x, y), title, FAINT, font)
        for label, tile in tiles:
            canvas.paste(tile, (x, y + LABEL))
            draw.rectangle((x - 1, y + LABEL - 1, x + tile.width, y + LABEL + tile.height), outline=EDGE)
            draw.text((x, y + LABEL + tile.height + 1), _fitting(label, tile.width, font), INK, font)
            x += tile.width + GAP
    return np.asarray(canvas)


def per_page(image: Tensor, subject: Subject, given: int = 0) -> int:
    """Samples that a page holds, so that its size is bounded however many there are.

    Arguments:
        image: A sample, or anything of its shape, (1, C, H, W).
        subject: What the samples should show.
        given: Pictures that stand before them.
    """
    width, height = _cell([_tile(to_pixels(way.show(image))[0]) for way in readings(subject)])
    return max(1, _columns(width) * max(1, (HEIGHT - 2 * GAP) // (height + 2 * GAP)) - given)


def page(number: int) -> str:
    """The name of a page, from 0: ``sheet.png``, ``sheet-2.png``, ``sheet-3.png``."""
    return f"sheet-{number + 1}.png" if number else "sheet.png"


def _cell(tiles: Sequence[Image.Image]) -> tuple[int, int]:
    """Width and height that a sample takes, with its labels."""
    return sum(tile.width for tile in tiles) + GAP * (len(tiles) - 1), max(tile.height for tile in tiles) + 2 * LABEL


def _columns(width: int) -> int:
    return max(1, WIDTH // (width + 2 * GAP))


def _tile(pixels: NDArray[np.uint8]) -> Image.Image:
    image = Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels).convert("RGB")
    factor = max(1, math.ceil(TILE / min(image.size)))
    return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)


def _fitted(pixels: NDArray[np.uint8], side: int) -> Image.Image:
    """A given picture as a tile, no larger than those of samples."""
    tile = _tile(pixels)
    if max(tile.size) > side:
        tile.thumbnail((side, side), Image.Resampling.LANCZOS)
    return tile


def _fitting(label: str, width: int, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    if font.getlength(label) <= width:
        return label
    while label and font.getlength(label + "…") > width:
        label = label[:-1]
    return label + "…"
