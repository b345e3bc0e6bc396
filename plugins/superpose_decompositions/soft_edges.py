"""Shares of regions in a drawing whose edges are soft.

A program that draws smoothly mixes the colours on both sides of an edge. A mixture may be nearest to a third colour
of the list: grey is between black and white. So the inside of a region, where its colour is wide, belongs to the
nearest colour, and a pixel at an edge to the insides beside it, in the shares that mix its colour. What no two of them
mix is a thin line of its own colour.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Pixels a side that a colour is wide inside of a region: as drawn, and of colours that are only near it.
WIDE, WIDE_IF_NEAR = 2, 3
#: Pixels from an edge to the insides on both sides.
REACH = 2
#: Largest distance between a colour and a mixture that is taken for it, in RGB of 0 to 255.
NEAR = 20.0


def shares_of(pixels: NDArray[np.float64], colours: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of each colour in each pixel, summing to 1.

    Arguments:
        pixels: The drawing, shape (H, W, 3), 0 to 255.
        colours: Those of the regions, shape (regions, 3).

    Returns:
        Shape (regions, H, W).
    """
    distances = np.sqrt(((pixels[None] - colours[:, None, None]) ** 2).sum(-1))
    own = distances.argmin(0) == np.arange(len(colours))[:, None, None]
    insides = np.stack(
        [_inside(mine, mine & (away < NEAR), away == 0) for mine, away in zip(own, distances, strict=True)]
    )
    shares: NDArray[np.float64] = own.astype(np.float64)
    edges, beside = ~insides.any(0), np.stack([_dilated(inside, 2 * REACH + 1) for inside in insides])
    off = np.full(pixels.shape[:2], NEAR)
    for first, second in combinations(range(len(colours)), 2):
        way = colours[second] - colours[first]
        part = np.clip((pixels - colours[first]) @ way / (way @ way), 0, 1)
        missed = np.sqrt(((colours[first] + part[..., None] * way - pixels) ** 2).sum(-1))
        mixed = edges & beside[first] & beside[second] & (missed < off)
        off[mixed] = missed[mixed]
        shares[:, mixed] = 0
        shares[first, mixed], shares[second, mixed] = 1 - part[mixed], part[mixed]
    return shares


def _inside(own: NDArray[np.bool_], near: NDArray[np.bool_], drawn: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where a colour is wide; all of it, where it is wide nowhere."""
    wide = _opened(drawn, WIDE) | _opened(near, WIDE_IF_NEAR)
    return wide if wide.any() else own


def _opened(mask: NDArray[np.bool_], side: int) -> NDArray[np.bool_]:
    """Pixels that lie in a whole square of the mask."""
    height, width = mask.shape
    if min(height, width) < side:
        return np.zeros_like(mask)
    corners = np.lib.stride_tricks.sliding_window_view(mask, (side, side)).all((-2, -1))
    opened = np.zeros_like(mask)
    for down in range(side):
        for across in range(side):
            opened[down : height - side + 1 + down, across : width - side + 1 + across] |= corners
    return opened


def _dilated(mask: NDArray[np.bool_], side: int) -> NDArray[np.bool_]:
    """Pixels in whose square, of an odd number of pixels a side, some of the mask lies."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(mask, side // 2), (side, side))
    return np.asarray(windows.any((-2, -1)))
