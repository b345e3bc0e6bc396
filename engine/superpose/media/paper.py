"""Puzzles on paper, in millimetres: their cut lines as SVG, and their pages as PDF."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import attrs
import numpy as np
from PIL import Image

from superpose.media.writing import replacing, write_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Line = NDArray[np.float64]

#: Points of a PDF in a millimetre.
POINTS = 72 / 25.4
#: Width of a line that is cut, in millimetres: cutters take hairlines for cuts.
HAIR = 0.1


@attrs.frozen
class Number:
    """A number that stands on a piece.

    Attributes:
        text: The number.
        at: Its middle: millimetres from the top and from the left of the cut picture.
        turn: Angle that it is turned by, counter-clockwise, in radians.
    """

    text: str
    at: tuple[float, float]
    turn: float = 0.0


@attrs.frozen(eq=False)
class Sheet:
    """The paper of a puzzle.

    Attributes:
        title: What it is called.
        height: Of the cut picture, in millimetres.
        width: Likewise.
        bleed: Millimetres that are printed beyond the edge, so that no white is left where a cut is a little off.
        lines: Where it is cut, in millimetres from the top left corner of the picture; its edge is not among them.
        size: Of a number, in millimetres.
    """

    title: str
    height: float
    width: float
    bleed: float
    lines: tuple[Line, ...]
    size: float

    @property
    def whole(self) -> tuple[float, float]:
        """Height and width of the paper."""
        return self.height + 2 * self.bleed, self.width + 2 * self.bleed


def write_svg(path: Path, sheet: Sheet, numbers: Sequence[Number]) -> None:
    """Write the cut lines, each once, with the number of each piece: a millimetre is a millimetre.

    Raises:
        RunError: If the file can't be written.
    """
    write_text("\n".join(_svg(sheet, numbers)) + "\n", path)


def _svg(sheet: Sheet, numbers: Sequence[Number]) -> Iterator[str]:
    (tall, wide), b = sheet.whole, sheet.bleed
    box = " ".join(map(_short, (-b, -b, wide, tall)))
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_short(wide)}mm" height="{_short(tall)}mm" viewBox="{box}">'
    )
    yield f"<title>{escape(sheet.title)}</title>"
    yield f'<g id="cut" fill="none" stroke="#ff0000" stroke-width="{HAIR}" stroke-linejoin="round">'
    yield f'<rect id="edge" width="{_short(sheet.width)}" height="{_short(sheet.height)}"/>'
    for line in sheet.lines:
        closed = len(line) > 2 and np.allclose(line[0], line[-1])
        points = " ".join(f"{_short(x)},{_short(y)}" for y, x in (line[:-1] if closed else line).tolist())
        yield f'<{"polygon" if closed else "polyline"} points="{points}"/>'
    yield "</g>"
    yield (
        f'<g id="bleed" fill="none" stroke="#00a0ff" stroke-width="{HAIR}" stroke-dasharray="2 2">'
        f'<rect x="{_short(-b)}" y="{_short(-b)}" width="{_short(wide)}" height="{_short(tall)}"/></g>'
    )
    yield (
        f'<g id="numbers" fill="#000000" font-family="sans-serif" font-size="{_short(sheet.size)}" '
        'text-anchor="middle">'
    )
    for number in numbers:
        y, x = number.at
        yield f'<text x="{_short(x)}" y="{_short(y + 0.35 * sheet.size)}">{number.text}</text>'
    yield "</g>"
    yield "</svg>"


def _short(value: float) -> str:
    """Millimetres to the micrometre."""
    return f"{round(value, 3) + 0.0:.3f}".rstrip("0").rstrip(".")


@attrs.frozen(eq=False)
class Page:
    """A page of a puzzle.

    Attributes:
        pixels: What is printed, bleed included, shape (H, W, 3); None for white.
        numbers: What stands on it.
        cut: Whether the cut lines are drawn.
        back: Whether it is the back of another page, mirrored so that everything falls behind what it belongs to.
    """

    pixels: NDArray[np.uint8] | None
    numbers: tuple[Number, ...] = ()
    cut: bool = False
    back: bool = False


def write_pdf(path: Path, sheet: Sheet, pages: Sequence[Page]) -> None:
    """Write pages of a sheet at their true size, each with its trim box, without loss.

    Raises:
        RunError: If the file can't be written.
    """
    from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]  # an extra: superpose[print]

    (tall, wide), b = sheet.whole, sheet.bleed
    with replacing(path) as draft, _in_bytes():
        canvas = Canvas(str(draft), pagesize=(wide * POINTS, tall * POINTS), invariant=1, pageCompression=1)
        canvas.setTitle(sheet.title)
        canvas.setProducer("superpose")
        for page in pages:
            canvas.setTrimBox((b * POINTS, b * POINTS, (wide - b) * POINTS, (tall - b) * POINTS))
            canvas.setBleedBox((0, 0, wide * POINTS, tall * POINTS))
            # From here on millimetres, downwards, from the top left corner of the picture.
            canvas.transform(POINTS, 0, 0, -POINTS, b * POINTS, (tall - b) * POINTS)
            if page.back:
                canvas.transform(-1, 0, 0, 1, sheet.width, 0)
            _draw(canvas, sheet, page)
            canvas.showPage()
        canvas.save()


@contextmanager
def _in_bytes() -> Iterator[None]:
    """Have ReportLab write pictures as bytes: it would spell them in letters, which takes it half a minute."""
    from reportlab import rl_config  # type: ignore[import-untyped]

    before, rl_config.useA85 = rl_config.useA85, 0
    try:
        yield
    finally:
        rl_config.useA85 = before


def _draw(canvas: Any, sheet: Sheet, page: Page) -> None:
    from reportlab.lib.utils import ImageReader  # type: ignore[import-untyped]

    (tall, wide), b = sheet.whole, sheet.bleed
    if page.pixels is not None:
        canvas.saveState()
        canvas.transform(1, 0, 0, -1, -b, tall - b)
        canvas.drawImage(ImageReader(Image.fromarray(page.pixels)), 0, 0, wide, tall)
        canvas.restoreState()
    if page.cut:
        for colour, width in ((1.0, 5 * HAIR), (0.0, 2 * HAIR)):  # black in white is seen on any picture
            canvas.setStrokeGray(colour)
            canvas.setLineWidth(width)
            canvas.rect(0, 0, sheet.width, sheet.height)
            for line in sheet.lines:
                path = canvas.beginPath()
                path.moveTo(line[0][1], line[0][0])
                for y, x in line[1:].tolist():
                    path.lineTo(x, y)
                canvas.drawPath(path)
    for number in page.numbers:
        _write_number(canvas, sheet.size, number, mirrored=page.back)


def _write_number(canvas: Any, size: float, number: Number, *, mirrored: bool) -> None:
    canvas.saveState()
    canvas.translate(number.at[1], number.at[0])
    canvas.rotate(-math.degrees(number.turn))
    canvas.scale(-1 if mirrored else 1, -1)
    canvas.setFillGray(1.0)
    canvas.circle(0, 0, 0.75 * size, stroke=0, fill=1)
    canvas.setFillGray(0.0)
    canvas.setFont("Helvetica", size)
    canvas.drawCentredString(0, -0.35 * size, number.text)
    canvas.restoreState()
