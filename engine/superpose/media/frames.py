"""Frames of animations: pictures as arrays, drawn larger by a whole factor, with nothing that needs torch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: One picture, shape (C, H, W), float64: -1 is black and 1 is white.
Picture = NDArray[np.float64]
#: The value of the paper that shows where nothing lies on it.
PAPER = 1.0


def enlarged(image: Picture, zoom: int) -> Picture:
    """A picture in which each pixel is a square of ``zoom`` pixels a side: a new array."""
    return image.repeat(zoom, -2).repeat(zoom, -1)


def faded(first: Picture, second: Picture, u: float) -> Picture:
    """A picture between two of one shape, which is exactly the first at ``u`` = 0 and the second at 1."""
    return first * (1 - u) + second * u
