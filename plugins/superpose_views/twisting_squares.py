"""Squares that twist against each other (Diffusion Illusions, Burgert et al. 2023, arXiv 2312.03817)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs
import numpy as np

from superpose import Problem, option
from superpose_views.permutation import Indices, Permutation, places

if TYPE_CHECKING:
    from superpose import Shape


@attrs.frozen(kw_only=True)
class TwistingSquares(Permutation):
    """Turns the squares of a chessboard by a quarter: white ones against the clock, black ones with it."""

    kind = "twisting-squares"
    papers = ("arXiv 2312.03817",)
    squares: int = option(4, doc="squares from top to bottom", ge=1)

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """Images that are no whole squares."""
        _, height, width = shape
        if height % self.squares or width % (height // self.squares):
            what = f"for twisting-squares {height}x{width} pixels are not {self.squares} rows of whole squares"
            yield Problem("squares", what, "give a number that divides both sides")

    def sources(self, height: int, width: int) -> Indices:
        """Each square turned."""
        found = places(height, width).copy()
        side = height // self.squares
        for row in range(height // side):
            for column in range(width // side):
                square = slice(row * side, (row + 1) * side), slice(column * side, (column + 1) * side)
                found[square] = np.rot90(found[square], 1 if (row + column) % 2 == 0 else -1)
        return found.reshape(-1)

    def cut(self, height: int, width: int) -> Indices:
        """The squares."""
        side, numbers = height // self.squares, np.arange(height * width).reshape(height, width)
        rows, columns = np.divmod(numbers, width)
        cut: Indices = (rows // side) * (width // side) + columns // side
        return cut
