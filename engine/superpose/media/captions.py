"""Captions below the frames of an animation."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

#: Height of a caption, as a share of that of the frame, and in pixels at least; size of its letters, as a share of it.
SHARE, LEAST, LETTERS = 1 / 8, 20, 0.62


def height_of(frame: int) -> int:
    """Height of the caption of frames that are so high."""
    return max(LEAST, round(frame * SHARE))


def captioned(pixels: NDArray[np.uint8], text: str, ink: float) -> NDArray[np.uint8]:
    """A frame with a line of text below it.

    Arguments:
        pixels: The frame, shape (H, W, 3).
        text: What it says; made smaller, and cut in the end, where it is too long.
        ink: How black it is, from 0 to 1.
    """
    height, width = pixels.shape[:2]
    written = _written(text, height_of(height), width)
    line = np.round(255 - ink * (255 - written.astype(np.float64))).astype(np.uint8)
    return np.concatenate([pixels, np.repeat(line[:, :, None], 3, 2)])


@lru_cache(maxsize=64)
def _written(text: str, height: int, width: int) -> NDArray[np.uint8]:
    """Black letters in the middle of white paper, shape (height, width)."""
    canvas = Image.new("L", (width, height), 255)
    draw, size = ImageDraw.Draw(canvas), max(8.0, LETTERS * height)
    font = ImageFont.load_default(size)
    while font.getlength(text) > width and size > 8:
        size -= 1
        font = ImageFont.load_default(size)
    while font.getlength(text) > width and len(text) > 1:
        text = text[:-2] + "…"
    draw.text((width / 2, height / 2), text, 0, font, anchor="mm")
    return np.asarray(canvas)
