"""Columns of images: where a reading shows each one, and which way up."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from superpose.media.frames import Picture
    from superpose.media.sheet import Look

#: What is less than this is nothing that somebody sees: pictures are of 8 bits.
FAINT = 1e-6


class Place(NamedTuple):
    """Place of a column in a reading.

    Attributes:
        column: Where it is there, from the left.
        upside_down: Whether its top is at the bottom there.
    """

    column: int
    upside_down: bool


def places(look: Look, shape: tuple[int, int, int], columns: int) -> tuple[Place, ...] | None:
    """The place of each column of an image in a reading; None where it is no column by itself there.

    Arguments:
        look: An image as the reading shows it.
        shape: (C, H, W) of an image.
        columns: Of an image, from left to right.
    """
    found = []
    for column in range(columns):
        upper, lower = (_lit(look, shape, columns, column, half) for half in (0, 1))
        if upper is None or lower is None or upper[0] != lower[0] or upper[1] == lower[1]:
            return None
        found.append(Place(upper[0], upper[1] == 1))
    return tuple(found)


def _lit(look: Look, shape: tuple[int, int, int], columns: int, column: int, half: int) -> tuple[int, int] | None:
    """Column and half of the one place that half a column is seen in; None where it is seen in several."""
    alone: Picture = np.zeros(shape)
    part = np.array_split(np.split(alone, columns, -1)[column], 2, -2)[half]
    part[...] = np.random.default_rng(0).uniform(0.5, 1.0, part.shape)
    seen = np.abs(look(alone) - look(np.zeros(shape)))
    if seen.shape != shape:
        return None
    cells = [np.array_split(each, 2, -2) for each in np.split(seen, columns, -1)]
    lit = [(i, j) for i, halves in enumerate(cells) for j, cell in enumerate(halves) if cell.max() > FAINT]
    return lit[0] if len(lit) == 1 else None
