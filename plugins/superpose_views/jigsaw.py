r"""A jigsaw puzzle that can be put together in two ways, exact at every size.

Cut a square into cells and let neighbours hold each other by round tabs. If the whole cut is symmetric under quarter
turns R of the board about its centre, then pieces come in rings of four, :math:`p, Rp, R^2p, R^3p`, each the exact
turned copy of the others, because a quarter turn of a square grid of pixels is exact. Hence any exchange of places
within a ring, each piece turned as it goes, moves pixels onto pixels with none left over, whatever the size.

The symmetry is had by cutting a quarter of the board alone and turning it round; no rounding can spoil it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import NamedTuple

import attrs
import numpy as np

from superpose import Problem, Shape, option
from superpose_views.permutation import Indices, Permutation, places, shuffled

Cell = tuple[int, int]

#: Radius of a tab and how far its middle lies beyond the edge, in cells: two tabs into one cell stay clear.
_RADIUS, _REACH = 0.2, 0.1
#: Exchanges of four places that leave none as it was.
_EXCHANGES = [order for order in permutations(range(4)) if all(i != j for i, j in enumerate(order))]


@attrs.frozen(kw_only=True)
class Jigsaw(Permutation):
    """Takes the image apart into interlocking pieces and puts them together in another way that fits as well.

    Corner pieces become corner pieces and edge pieces edge pieces; each turns as it goes, and none stays where it was.
    With an odd number of pixels a side, the one in the very middle belongs to no piece and stays.
    """

    kind = "jigsaw"
    papers = ("arXiv 2311.17919",)
    pieces: int = option(4, doc="pieces a side", ge=2)
    seed: int = option(0, doc="number of the cut and of the order", ge=0)

    def sources(self, height: int, width: int) -> Indices:
        """Places in the first picture of each pixel of the second."""
        n = self.pieces
        exchanges, owners = self._plan()
        # turned[q] holds the quarter of pixels that q quarter turns bring to the place of the first quarter.
        turned = [np.rot90(places(height, width), -q)[: (height + 1) // 2, : width // 2] for q in range(4)]
        cells = _cut(n, height, owners)[: (height + 1) // 2, : width // 2]
        there = places(height, width).reshape(-1)
        for i, j in np.unique(cells.reshape(-1, 2), axis=0).tolist():
            cell = i, j
            mine = (cells == cell).all(-1)
            ring, turns = _ring(cell, n)
            for q in range(4):
                place = (q + turns) % 4
                goes = (q + exchanges[ring][place] - place) % 4
                there[turned[goes][mine]] = turned[q][mine]
        return there

    def cut(self, height: int, width: int) -> Indices:
        """The cells of the board, with their tabs."""
        del width
        _, owners = self._plan()
        cells: Indices = _cut(self.pieces, height, owners) @ np.array([self.pieces, 1])
        return cells

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """Pieces turn by right angles, and each has at least a pixel."""
        _, height, width = shape
        if height != width:
            yield Problem("", f"jigsaw turns its pieces by right angles and needs square images, not {height}x{width}")
        elif height < self.pieces:
            what = f"jigsaw can't cut {height} pixels into {self.pieces} pieces a side"
            yield Problem("pieces", what, f"use pieces = {max(height, 2)}")

    def _plan(self) -> tuple[dict[Cell, tuple[int, ...]], list[Tab]]:
        """The exchange of places of each ring, and the tabs."""
        n = self.pieces
        cells = [(i, j) for i in range(n) for j in range(n)]
        # More than are needed: one a ring of cells, one a ring of edges, one for the middle.
        draws = iter(shuffled(4 * n * n, self.seed).tolist())
        exchanges: dict[Cell, tuple[int, ...]] = {}
        if n % 2:
            # The piece in the middle is its own ring: it turns on the spot, by the same angle from wherever one looks.
            turn = 1 + next(draws) % 3
            exchanges[n // 2, n // 2] = tuple((place + turn) % 4 for place in range(4))
        for ring in (cell for cell in cells if cell not in exchanges and _ring(cell, n)[0] == cell):
            start = next(draws) % len(_EXCHANGES)
            candidates = _EXCHANGES[start:] + _EXCHANGES[:start]
            exchanges[ring] = min(candidates, key=lambda way: _joints(ring, {**exchanges, ring: way}, n))
        tabs: dict[frozenset[Cell], Tab] = {}
        for i, j in cells:
            for other in ((i, j + 1), (i + 1, j)):
                if max(other) == n or frozenset(((i, j), other)) in tabs:
                    continue
                owner, taker = ((i, j), other) if next(draws) % 2 else (other, (i, j))
                for _ in range(4):
                    tabs[frozenset((owner, taker))] = Tab(owner, taker)
                    owner, taker = _turn(owner, n), _turn(taker, n)
        return exchanges, list(tabs.values())


class Tab(NamedTuple):
    """A tab of the cell ``owner`` that reaches into the cell ``taker``."""

    owner: Cell
    taker: Cell


def _turn(cell: Cell, n: int) -> Cell:
    """Cell that a quarter turn, counter-clockwise, brings a cell to."""
    return n - 1 - cell[1], cell[0]


def _ring(cell: Cell, n: int) -> tuple[Cell, int]:
    """The first cell of the cell's ring, and how many quarter turns lead from it to the cell."""
    ring = [cell]
    for _ in range(3):
        ring.append(_turn(ring[-1], n))
    first = min(ring)
    return first, -ring.index(first) % 4


def _joints(ring: Cell, exchanges: dict[Cell, tuple[int, ...]], n: int) -> int:
    """Number of neighbours that turn with a ring's pieces, and so stay neighbours: a dull puzzle has many."""
    count, cell = 0, ring
    for place in range(4):
        for i, j in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            other, at = _ring((cell[0] + i, cell[1] + j), n)
            if other in exchanges:
                count += (exchanges[other][at] - at - exchanges[ring][place] + place) % 4 == 0
        cell = _turn(cell, n)
    return count


def _cut(n: int, size: int, tabs: list[Tab]) -> Indices:
    """The cell that each pixel belongs to, tabs included: shape (size, size, 2)."""
    middles = np.arange(size) * 2 + 1
    line = middles * n // (2 * size)
    cells = np.stack(np.meshgrid(line, line, indexing="ij"), -1)
    at = middles * n / (2 * size)
    for (i, j), (k, m) in tabs:
        # Half way between the cells' middles, and on into the taker.
        y = (i + k + 1) / 2 + (k - i) * _REACH
        x = (j + m + 1) / 2 + (m - j) * _REACH
        inside = (at[:, None] - y) ** 2 + (at[None, :] - x) ** 2 < _RADIUS**2
        cells[inside] = i, j
    return cells
