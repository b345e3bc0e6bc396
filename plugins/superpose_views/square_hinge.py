"""Squares that turn like hinges."""

from __future__ import annotations

import math
from collections.abc import Iterator

import attrs
import numpy as np

from superpose import Problem, Shape, option
from superpose_views.permutation import Indices, Permutation, places


@attrs.frozen(kw_only=True)
class SquareHinge(Permutation):
    """Cuts the image into squares, as on a chessboard, and turns white ones and black ones by 90 degrees, oppositely.

    Squares hinged at their corners move like this as one sheet. Where the side is not a multiple of ``squares``,
    the last rows and columns stay where they are.
    """

    kind = "square-hinge"
    papers = ("arXiv 2311.17919",)
    squares: int = option(3, doc="squares a side", ge=1)

    def sources(self, height: int, width: int) -> Indices:
        """Each square turned, the first one clockwise."""
        there, side = places(height, width), min(height, width) // self.squares
        pixels = there.copy()
        for i in range(self.squares):
            for j in range(self.squares):
                square = np.s_[i * side : (i + 1) * side, j * side : (j + 1) * side]
                there[square] = np.rot90(pixels[square], -1 if (i + j) % 2 == 0 else 1)
        return there.reshape(-1)

    def cut(self, height: int, width: int) -> Indices:
        """The squares, and the rows and columns beyond them."""
        side = min(height, width) // self.squares
        rows, columns = np.arange(height) // side, np.arange(width) // side
        numbers = rows[:, None] * self.squares + columns[None]
        beyond = (rows >= self.squares)[:, None] | (columns >= self.squares)[None]
        return np.where(beyond, self.squares**2, numbers)

    def size_at(self, u: float) -> float:
        """Squares that hang together by their corners: the sheet opens, and is looked at from further away."""
        return 1 / (math.cos(math.pi / 2 * u) + math.sin(math.pi / 2 * u))

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """Squares fill a square, and have at least a pixel."""
        _, height, width = shape
        if height != width:
            yield Problem("", f"square-hinge needs square images, not {height}x{width}")
        elif height < self.squares:
            what = f"square-hinge can't cut {height} pixels into {self.squares} squares a side"
            yield Problem("squares", what, f"use squares = {height}")
