"""Print, in millimetres: what becomes of pixels on paper; a puzzle's cut lines as SVG, and its pages as PDF."""

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

from superpose.errors import RecipeError
from superpose.media.writing import replacing, write_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Line = NDArray[np.float64]

#: Points of a PDF in a millimetre.
POINTS = 72 / 25.4
#: Width of a line that is cut, in millimetres: cutters take hairlines for cuts.
HAIR = 0.1
#: Pixels of print a millimetre at least, where nobody says how many: 300 an inch.
FINE = 300 / 25.4
#: Bounds of the width of what is printed in millimetres, and of its longer side in pixels.
WIDTHS, LARGEST = (10.0, 2000.0), 8192


def check_millimetres(name: str, value: float, bounds: tuple[float, float]) -> None:
    """Raise `RecipeError` for a length out of bounds."""
    least, most = bounds
    if not least <= value <= most:
        raise RecipeError(f"{name} must be between {least:g} and {most:g} millimetres, got {value:g}")


def check_print(width: float, scale: int | None) -> None:
    """Raise `RecipeError` for a width or a scale that nothing is printed at."""
    check_millimetres("width", width, WIDTHS)
    if scale is not None and scale < 1:
        raise RecipeError(f"scale must be at least 1, got {scale}")


def print_zoom(tall: int, wide: int, width: float, scale: int | None = None) -> int:
    """Pixels of print a side for each of a picture, which becomes so many millimetres wide.

    Arguments:
        tall: Height of the picture in pixels.
        wide: Its width.
        width: Its width on paper, in millimetres.
        scale: What somebody asks for; by default as 300 an inch need, as far as that goes.

    Raises:
        RecipeError: If the print would be larger than is written.
    """
    check_print(width, scale)
    most = max(1, LARGEST // max(tall, wide))
    zoom = min(most, math.ceil(FINE * width / wide)) if scale is None else scale
    if zoom > most:
        raise RecipeError(f"scale = {zoom} makes more than {LARGEST} pixels a side: use {most} at most")
    return zoom


@attrs.frozen
class Number:
    """A number that stands on a piece.

    Attributes:
        text: The number.
        at: Its middle: millimetres from the top and from the left of the cut picture.
        turn: Angle that it is turned by, counter-clockwise, in radians.
        mirrored: Whether it is seen from behind, through what it stands on.
    """

    text: str
    at: tuple[float, float]
    turn: float = 0.0
    mirrored: bool = False


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
    (tall, wide), b = sheet.whole, sheet.bleed
    with document(path, sheet.title, tall, wide) as canvas:
        for page in pages:
            canvas.setTrimBox((b * POINTS, b * POINTS, (wide - b) * POINTS, (tall - b) * POINTS))
            canvas.setBleedBox((0, 0, wide * POINTS, tall * POINTS))
            # From here on millimetres, downwards, from the top left corner of the picture.
            canvas.transform(POINTS, 0, 0, -POINTS, b * POINTS, (tall - b) * POINTS)
            if page.back:
                canvas.transform(-1, 0, 0, 1, sheet.width, 0)
            _draw(canvas, sheet, page)
            canvas.showPage()


@contextmanager
def document(path: Path, title: str, tall: float, wide: float) -> Iterator[Any]:
    """ReportLab's canvas of a PDF whose pages are so many millimetres large; it is there when the block ends well.

    Raises:
        RunError: If the file can't be written.
    """
    from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]  # an extra: superpose[print]

    with replacing(path) as draft, _in_bytes():
        canvas = Canvas(str(draft), pagesize=(wide * POINTS, tall * POINTS), invariant=1, pageCompression=1)
        canvas.setTitle(title)
        canvas.setProducer("superpose")
        yield canvas
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
    (tall, wide), b = sheet.whole, sheet.bleed
    if page.pixels is not None:
        draw_picture(canvas, page.pixels, (-b, -b), (tall, wide))
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
        draw_number(canvas, sheet.size, attrs.evolve(number, mirrored=page.back))


def draw_picture(canvas: Any, pixels: NDArray[np.uint8], at: tuple[float, float], size: tuple[float, float]) -> None:
    """Draw a picture with its corner ``at`` (down, along), height and width ``size``, downwards in millimetres."""
    from reportlab.lib.utils import ImageReader  # type: ignore[import-untyped]

    canvas.saveState()
    canvas.transform(1, 0, 0, -1, at[1], at[0] + size[0])
    canvas.drawImage(ImageReader(Image.fromarray(pixels)), 0, 0, size[1], size[0])
    canvas.restoreState()


def draw_number(canvas: Any, size: float, number: Number) -> None:
    """Draw a number in a white disc, downwards in millimetres."""
    canvas.saveState()
    canvas.translate(number.at[1], number.at[0])
    canvas.rotate(-math.degrees(number.turn))
    canvas.scale(-1 if number.mirrored else 1, -1)
    canvas.setFillGray(1.0)
    canvas.circle(0, 0, 0.75 * size, stroke=0, fill=1)
    canvas.setFillGray(0.0)
    canvas.setFont("Helvetica", size)
    canvas.drawCentredString(0, -0.35 * size, number.text)
    canvas.restoreState()
