"""The contact sheet: what was given, then every reading of every sample, with the prompt it should show."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from superpose.estimate.superposed import OR
from superpose.media.images import to_pixels
from superpose.media.layout import DENSE, ROOMY, Layout

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.view import View
    from superpose.media.frames import Picture
    from superpose.recipe import ComposeTerms, Subject

Show = Callable[["Tensor"], "Tensor"]
Look = Callable[["Picture"], "Picture"]
Seen = TypeVar("Seen")
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

UNTOLD = "(unconditional)"  # what an empty prompt is called
WHOLE = "whole"  # the label of an image that is to be taken apart
GIVEN = "given"  # stands over what was not sampled, where samples have their number
INK, PAPER, FAINT, EDGE = (24, 24, 24), (255, 255, 255), (104, 104, 104), (208, 208, 208)
RIGHT, WRONG = (16, 112, 56), (184, 40, 32)


class Reading(NamedTuple):
    """One way to look at an image.

    Attributes:
        label: What it should show.
        show: The images as they look then; (N, C, H, W) to (N, C, H', W').
        look: A picture (C, H, W) as it looks then, without torch, to what 8 bits can tell.
        prompt: What it was asked to show; None where nothing was.
        views: The views that lead to it, the first that is applied first; None where parts do too.
    """

    label: str
    show: Show
    look: Look
    prompt: str | None = None
    views: tuple[View, ...] | None = ()


class Given(NamedTuple):
    """A picture beside those of readings: one that the recipe was given, a source or a mask, or what was made of one.

    Attributes:
        label: What it is.
        pixels: In 8 bits, (H, W, C).
    """

    label: str
    pixels: NDArray[np.uint8]


class Mark(NamedTuple):
    """What was found of one reading.

    Attributes:
        text: In a word or a figure.
        right: Whether it is what was asked for.
    """

    text: str
    right: bool


class Note(NamedTuple):
    """What is to be said of a sample.

    Attributes:
        title: Beside its number.
        marks: One for each reading; None where there is nothing to say.
    """

    title: str
    marks: tuple[Mark | None, ...]


def readings(subject: Subject) -> list[Reading]:
    """Every way in which the recipe wants the image to be read, in the order of the recipe."""
    if subject.view:
        found = [_through(term.view, inner) for term in subject.view for inner in readings(term.subject)]
        if subject.reduction == OR:
            return _either(found, subject)
        return (
            [_whole(subject), *found]
            if len(subject.view) > 1 and any(it.view.partial for it in subject.view)
            else found
        )
    if subject.decomposition is not None:
        decomposition = subject.decomposition.decomposition
        return [Reading(WHOLE, _same, _same)] + [
            Reading(
                f"{name}: {inner.label}",
                _after(decomposition.part(name), inner.show),
                _after(partial(decomposition.shown, name=name), inner.look),
                inner.prompt,
                None,
            )
            for name, part in subject.decomposition.parts
            for inner in readings(part)
            if inner.label != WHOLE
        ]
    if subject.compose is not None:
        return _composed(subject.compose)
    if subject.image is not None:
        # A picture that travels in an image has its content's hash in its name.
        return [Reading(re.sub(r"(?<=.)-[0-9a-f]{12}$", "", subject.image.stem), _same, _same)]
    # Of what is between two prompts a classifier, which knows prompts, can say nothing.
    return [Reading(subject.shown or UNTOLD, _same, _same, None if subject.is_between else subject.shown or None)]


def _through(view: View, inner: Reading) -> Reading:
    """A reading of what a view shows: of all of it, or, where that is looked at in a way of its own, of a first window.

    What is inside a view is about one window of it, as a network sees it, and may go by its size.
    """
    if inner.show is _same:
        return inner._replace(show=view.apply, look=partial(view.frame, u=1.0), views=(view, *(inner.views or ())))
    return inner._replace(
        show=lambda x: inner.show(_first_window(view, *x.shape[1:]).apply(x)),
        look=lambda picture: inner.look(_first_window(view, *picture.shape).frame(picture, 1.0)),
        views=None if inner.views is None or view.partial else (view, *inner.views),
    )


def _first_window(view: View, channels: int, height: int, width: int) -> View:
    return view.windows((channels, height, width))[0]


def _whole(subject: Subject) -> Reading:
    """The image as a whole that is shown in parts, called by what these show: a word by its letters."""
    labels = [readings(term.subject)[0].label for term in subject.view]
    return Reading((", " if any(" " in label for label in labels) else " ").join(labels), _same, _same)


def _either(found: list[Reading], subject: Subject) -> list[Reading]:
    """The readings of OR, of which an image shows one and nobody says which; one where all are seen alike."""
    if len({term.view for term in subject.view}) == 1 and len(found) == len(subject.view):
        found = [found[0]._replace(label=" OR ".join(reading.label for reading in found))]
    return [reading._replace(prompt=None) for reading in found]


def _composed(terms: ComposeTerms) -> list[Reading]:
    """Prompts as one reading, ``A AND B NOT C``, and those of every other subject that is shown."""
    shown, hidden = ([term.subject for term in half] for half in (terms.conjuncts, terms.negated))
    label = " AND ".join(subject.shown or UNTOLD for subject in shown if subject.prompt is not None)
    label += "".join(f" NOT {subject.shown or UNTOLD}" for subject in hidden if subject.prompt is not None)
    # Of several prompts in one image a classifier, which knows one class an image, can say nothing.
    prompts = [subject for subject in shown if subject.shown]
    prompt = prompts[0].shown if len(prompts) == 1 and not prompts[0].is_between else None
    others = [reading for subject in shown if subject.prompt is None for reading in readings(subject)]
    return [Reading(label.strip(), _same, _same, prompt), *others] if label else others


def _same(x: Any) -> Any:
    return x


def _after(first: Callable[[Seen], Seen], second: Callable[[Seen], Seen]) -> Callable[[Seen], Seen]:
    return lambda x: second(first(x))


def sheet(
    images: Tensor,
    subject: Subject,
    numbers: Sequence[int],
    given: Sequence[Given] = (),
    notes: Mapping[int, Note] = MappingProxyType({}),
    layout: Layout = ROOMY,
    beside: Mapping[int, Sequence[Given]] = MappingProxyType({}),
) -> NDArray[np.uint8]:
    """A page of a contact sheet as pixels, (H, W, 3).

    Arguments:
        images: Samples in [-1, 1], shape (N, C, H, W), as many as the layout has room for.
        subject: What they should show.
        numbers: Numbers of the samples, printed beside them.
        given: Pictures they were made of, each in a place of its own before the samples.
        notes: What is to be said of a sample, by its number.
        layout: Where things are, and how large.
        beside: Further pictures of a sample, behind its readings, by its number.
    """
    ways = readings(subject)
    shown = [to_pixels(way.show(images)) for way in ways]
    samples = []
    for i, number in enumerate(numbers):
        note = notes.get(number, Note("", (None,) * len(ways)))
        tiles = [
            _Labelled(way.label, layout.tile_of(pixels[i]), mark)
            for way, pixels, mark in zip(ways, shown, note.marks, strict=True)
        ]
        tiles += [_Labelled(one.label, layout.tile_of(one.pixels), None) for one in beside.get(number, ())]
        samples.append(_Cell(f"{number:04}  {note.title}".rstrip(), tiles))
    width, height = map(max, zip(*(layout.cell([it.tile for it in cell.tiles]) for cell in samples), strict=True))
    largest = max(labelled.tile.height for labelled in samples[0].tiles)
    cells = [_Cell(GIVEN, [_Labelled(one.label, _fitted(one.pixels, largest, layout), None)]) for one in given]
    return _drawn([*cells, *samples], (width, height), layout)


class _Labelled(NamedTuple):
    label: str
    tile: Image.Image
    mark: Mark | None


class _Cell(NamedTuple):
    title: str
    tiles: list[_Labelled]


def _drawn(cells: Sequence[_Cell], size: tuple[int, int], layout: Layout) -> NDArray[np.uint8]:
    """Cells of one size, row by row."""
    (width, height), margin = size, layout.margin
    rows = math.ceil(len(cells) / min(len(cells), layout.columns(width)))
    columns = math.ceil(len(cells) / rows)
    canvas = Image.new("RGB", (columns * (width + margin) + margin, rows * (height + margin) + margin), PAPER)
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(layout.font)
    for i, cell in enumerate(cells):
        x = margin + (i % columns) * (width + margin)
        y = margin + (i // columns) * (height + margin)
        draw.text((x, y), _fitting(cell.title, width, font), FAINT, font)
        for label, tile, mark in cell.tiles:
            canvas.paste(tile, (x, y + layout.label))
            below = y + layout.label + tile.height
            draw.rectangle((x - 1, y + layout.label - 1, x + tile.width, below), outline=EDGE)
            taken = _marked(draw, x + tile.width, below + 1, mark, layout) if mark else 0
            draw.text((x, below + 1), _fitting(label, tile.width - taken, font), INK, font)
            x += tile.width + layout.gap
    return np.asarray(canvas)


def _marked(draw: ImageDraw.ImageDraw, right: int, y: int, mark: Mark, layout: Layout) -> int:
    """Draw a mark that ends at ``right``: a full disc for what is right, a ring for what is not; returns its width."""
    colour, font = RIGHT if mark.right else WRONG, ImageFont.load_default(layout.font)
    text, across = mark.text if layout.figures else "", layout.label // 2 - 1
    width: int = across + (4 + math.ceil(font.getlength(text)) if text else 0)
    left, top = right - width, y + layout.label // 4 + 1
    draw.ellipse((left, top, left + across, top + across), fill=colour if mark.right else None, outline=colour, width=2)
    draw.text((left + across + 4, y), text, colour, font)
    return width + 4


def layout_of(
    image: Tensor, subject: Subject, samples: int, given: int = 0, beside: Sequence[Given] = ()
) -> tuple[Layout, int]:
    """The layout of a sheet, so that its pages are bounded and few, and how many samples each holds.

    Arguments:
        image: A sample, or anything of its shape, (1, C, H, W).
        subject: What the samples should show.
        samples: How many there are.
        given: Pictures that stand before them.
        beside: Further pictures of the sample that has most of them.
    """
    pixels = [*(to_pixels(way.show(image))[0] for way in readings(subject)), *(one.pixels for one in beside)]
    held = {layout: layout.per_page([layout.tile_of(each) for each in pixels]) - given for layout in (ROOMY, DENSE)}
    layout = ROOMY if samples <= held[ROOMY] else DENSE
    return layout, max(1, held[layout])


def page(number: int) -> str:
    """The name of a page, from 0: ``sheet.png``, ``sheet-2.png``, ``sheet-3.png``."""
    return f"sheet-{number + 1}.png" if number else "sheet.png"


def _fitted(pixels: NDArray[np.uint8], side: int, layout: Layout) -> Image.Image:
    """A given picture as a tile, no larger than those of samples."""
    tile = layout.tile_of(pixels)
    if max(tile.size) > side:
        tile.thumbnail((side, side), Image.Resampling.LANCZOS)
    return tile


def _fitting(label: str, width: int, font: Font) -> str:
    if font.getlength(label) <= width:
        return label
    while label and font.getlength(label + "…") > width:
        label = label[:-1]
    return label + "…"
