"""Filmstrips: states of samples beside each other, level by level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from superpose.media.layout import enlarged

#: Shorter side of a frame at least, height of a line, width of what stands before a row, and what is between frames.
TILE, LINE, BEFORE, GAP = 96, 18, 76, 6
INK, FAINT, PAPER = (24, 24, 24), (104, 104, 104), (255, 255, 255)


class Strip(NamedTuple):
    """Rows of frames under common headings.

    Attributes:
        headings: Two lines above each frame.
        rows: What each row shows, and its frames in 8 bits, (H, W, C); None where there is none.
    """

    headings: Sequence[tuple[str, str]]
    rows: Sequence[tuple[str, Sequence[NDArray[np.uint8] | None]]]


def drawn(strips: Sequence[Strip]) -> NDArray[np.uint8]:
    """Strips below each other as pixels, (H, W, 3)."""
    parts = [_drawn(strip) for strip in strips]
    width = max(part.width for part in parts)
    canvas = Image.new("RGB", (width, sum(part.height for part in parts)), PAPER)
    top = 0
    for part in parts:
        canvas.paste(part, (0, top))
        top += part.height
    return np.asarray(canvas)


def _drawn(strip: Strip) -> Image.Image:
    rows = [
        (title, [None if each is None else enlarged(each, TILE) for each in frames]) for title, frames in strip.rows
    ]
    wide, tall = next(frame.size for _, frames in rows for frame in frames if frame is not None)
    size = BEFORE + len(strip.headings) * (wide + GAP) + GAP, 2 * LINE + GAP + len(rows) * (tall + GAP) + GAP
    canvas = Image.new("RGB", size, PAPER)
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(13)
    for i, lines in enumerate(strip.headings):
        for j, (line, colour) in enumerate(zip(lines, (INK, FAINT), strict=True)):
            draw.text((BEFORE + i * (wide + GAP), GAP + j * LINE), line, colour, font)
    for j, (title, frames) in enumerate(rows):
        top = 2 * LINE + 2 * GAP + j * (tall + GAP)
        draw.text((GAP, top + tall // 2 - LINE // 2), title, INK, font)
        for i, frame in enumerate(frames):
            if frame is not None:
                canvas.paste(frame, (BEFORE + i * (wide + GAP), top))
    return canvas
