"""XY sheets: pictures in rows and columns, with what changes along each written at its side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from superpose.media.layout import Layout
from superpose.media.sheet import EDGE, FAINT, INK, PAPER, Font

#: Of tiles and what is written beside them, in pixels. Lines of a label, at most; its width beside a row; height of a
#: line above the columns; size of an arrow.
LAYOUT = Layout(tile=96, largest=160, width=2400, height=2400, gap=6, label=18, font=14, figures=False)
LINES, BESIDE, ABOVE, ARROW = 3, 220, 22, 10


def grid(
    cells: Mapping[tuple[int, int], NDArray[np.uint8]],
    rows: tuple[str, Sequence[str]],
    columns: tuple[str, Sequence[str]],
    note: str = "",
) -> NDArray[np.uint8]:
    """An XY sheet as pixels, (H, W, 3).

    Arguments:
        cells: The picture, (H, W, C), of each (row, column); a cell without one stays empty.
        rows: The name of what changes from row to row, and the label of each.
        columns: Likewise from column to column.
        note: What all cells share, in a line on top.
    """
    font, layout = ImageFont.load_default(LAYOUT.font), LAYOUT
    tiles = {at: layout.tile_of(pixels) for at, pixels in cells.items()}
    width = max(tile.width for tile in tiles.values()) + layout.gap
    height = max(tile.height for tile in tiles.values()) + layout.gap
    beside = [wrapped(text, BESIDE, font) for text in rows[1]]
    above = [wrapped(text, width - layout.gap, font) for text in columns[1]]
    name = fitted(rows[0], BESIDE, font)
    lines = [name, *(line for label in beside for line in label)]
    left = layout.margin + round(max(map(font.getlength, lines))) + 2 * ARROW + layout.margin
    top = layout.margin + ABOVE * bool(note) + ABOVE + layout.label * max(map(len, above)) + layout.gap
    canvas = Image.new("RGB", (left + width * len(above) + layout.gap, top + height * len(beside) + layout.gap), PAPER)
    draw = ImageDraw.Draw(canvas)
    if note:
        draw.text((layout.margin, layout.gap), fitted(note, canvas.width - 2 * layout.margin, font), FAINT, font)
    names = layout.margin + ABOVE * bool(note) - layout.gap
    _name(draw, (left, names), fitted(columns[0], canvas.width - left - 2 * ARROW, font), font, down=False)
    _name(draw, (layout.margin, top - layout.gap - layout.label), name, font, down=True)
    for j, label in enumerate(above):
        _write(draw, (left + j * width, top - layout.gap - layout.label * len(label)), label, font)
    for i, label in enumerate(beside):
        y = top + i * height + (height - layout.gap - layout.label * len(label)) // 2
        _write(draw, (layout.margin, y), label, font)
    for (i, j), tile in tiles.items():
        _paste(canvas, tile, left + j * width, top + i * height)
    return np.asarray(canvas)


def wrapped(text: str, width: int, font: Font) -> list[str]:
    """A label in lines of a width, broken between words; what is too much for it ends in an ellipsis."""
    lines: list[str] = []
    for word in text.split():
        if lines and font.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] = f"{lines[-1]} {word}"
        elif len(lines) == LINES:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return [fitted(line, width, font) for line in lines] or [""]


def fitted(text: str, width: int, font: Font) -> str:
    """A line that is cut where it is too long."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text}…"


def _write(draw: ImageDraw.ImageDraw, at: tuple[int, int], lines: Sequence[str], font: Font) -> None:
    for number, line in enumerate(lines):
        draw.text((at[0], at[1] + number * LAYOUT.label), line, INK, font)


def _name(draw: ImageDraw.ImageDraw, at: tuple[int, int], text: str, font: Font, *, down: bool) -> None:
    """Write the name of an axis, with an arrow after it in the direction of the axis: the font has none."""
    if not text:
        return
    draw.text(at, text, FAINT, font)
    x, y, a = at[0] + round(font.getlength(text)) + ARROW // 2, at[1] + LAYOUT.font // 2 - 1, ARROW
    corners = [(x, y), (x + a, y), (x + a // 2, y + a)] if down else [(x, y), (x, y + a), (x + a, y + a // 2)]
    draw.polygon(corners, fill=FAINT)


def _paste(canvas: Image.Image, tile: Image.Image, x: int, y: int) -> None:
    """Put a tile in its place, with a line around it."""
    ImageDraw.Draw(canvas).rectangle((x - 1, y - 1, x + tile.width, y + tile.height), outline=EDGE)
    canvas.paste(tile, (x, y))
