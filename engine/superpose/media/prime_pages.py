"""Prime images on paper: a page each at its true size, and a page for each way of laying them on each other.

Paper goes on around a picture by the same margin on every side, with a cross at each corner, so that sheets that are
turned against each other lie rightly where their crosses do.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from superpose.media.paper import HAIR, POINTS, Number, document, draw_number, draw_picture
from superpose.terminal import printable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from superpose.media.stacking import Layer

#: Millimetres of paper around a picture, for numbers and crosses, and the size of a number.
MARGIN, SIZE = 10.0, 5.0
#: Height of a line of text in millimetres, its letters' size as a share of it, and their mean width as one of these.
LINE, LETTER, WIDE = 4.0, 0.75, 0.5


@attrs.frozen(eq=False)
class PrimePage:
    """A page with one picture.

    Attributes:
        pixels: The picture, shape (H, W, 3).
        layers: Whose numbers stand at it, each where the top of its sheet lies.
        text: What is to be said, in paragraphs.
    """

    pixels: NDArray[np.uint8]
    layers: tuple[Layer, ...]
    text: tuple[str, ...]


def write_primes(path: Path, title: str, height: float, width: float, pages: Sequence[PrimePage]) -> None:
    """Write pages whose pictures are so many millimetres large, without loss; their trim boxes are the pictures.

    Raises:
        RunError: If the file can't be written.
    """
    wide = width + 2 * MARGIN
    lines = [[line for text in page.text for line in _wrapped(text, width)] for page in pages]
    tall = height + 2 * MARGIN + LINE * (0.5 + max(map(len, lines)))
    with document(path, title, tall, wide) as canvas:
        for page, said in zip(pages, lines, strict=True):
            canvas.setTrimBox(
                tuple(POINTS * it for it in (MARGIN, tall - MARGIN - height, MARGIN + width, tall - MARGIN))
            )
            # From here on millimetres, downwards, from the top left corner of the picture.
            canvas.transform(POINTS, 0, 0, -POINTS, MARGIN * POINTS, (tall - MARGIN) * POINTS)
            draw_picture(canvas, page.pixels, (0.0, 0.0), (height, width))
            _draw_marks(canvas, height, width)
            for number in _numbers(page.layers, height, width):
                draw_number(canvas, SIZE, number)
            for i, line in enumerate(said):
                _draw_line(canvas, line, height + MARGIN + (i + LETTER) * LINE)
            canvas.showPage()


def _numbers(layers: Sequence[Layer], height: float, width: float) -> Iterator[Number]:
    """Numbers of sheets at their tops, side by side where several sheets lie alike."""
    for turns in range(4):
        alike = [layer for layer in layers if layer.turns == turns]
        for i, layer in enumerate(alike):
            along = (i - (len(alike) - 1) / 2) * 2 * SIZE
            at = {
                0: (-MARGIN / 2, width / 2 + along),
                1: (height / 2 - along, -MARGIN / 2),
                2: (height + MARGIN / 2, width / 2 - along),
                3: (height / 2 + along, width + MARGIN / 2),
            }[turns]
            yield Number(str(layer.sheet + 1), at, turns * math.pi / 2, layer.mirrored)


def _draw_marks(canvas: Any, height: float, width: float) -> None:
    canvas.setStrokeGray(0.0)
    canvas.setLineWidth(2 * HAIR)
    canvas.rect(0, 0, width, height)
    arm = MARGIN / 4
    for y in (-MARGIN / 2, height + MARGIN / 2):
        for x in (-MARGIN / 2, width + MARGIN / 2):
            canvas.line(x - arm, y, x + arm, y)
            canvas.line(x, y - arm, x, y + arm)


def _draw_line(canvas: Any, line: str, down: float) -> None:
    canvas.saveState()
    canvas.transform(1, 0, 0, -1, 0, down)
    canvas.setFillGray(0.0)
    canvas.setFont("Helvetica", LETTER * LINE)
    canvas.drawString(0, 0, line)
    canvas.restoreState()


def _wrapped(text: str, width: float) -> list[str]:
    import textwrap

    # The letters that every reader of PDF files has; others are shown as their numbers, rather than as nothing.
    plain = printable(text).encode("cp1252", "backslashreplace").decode("cp1252")
    return textwrap.wrap(plain, max(10, int(width / (WIDE * LETTER * LINE))))
