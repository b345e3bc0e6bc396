r"""A jigsaw puzzle that can be put together in two ways, exact at every size.

Cut a square into cells and let neighbours hold each other by round tabs. If the whole cut is symmetric under quarter
turns R of the board about its centre, then pieces come in rings of four, :math:`p, Rp, R^2p, R^3p`, each the exact
turned copy of the others, because a quarter turn of a square grid of pixels is exact. Hence any exchange of places
within a ring, each piece turned as it goes, moves pixels onto pixels with none left over, whatever the size.

The symmetry is had by cutting a quarter of the board alone and turning it round; no rounding can spoil it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from itertools import permutations
from typing import NamedTuple

import attrs
import numpy as np

from superpose import Problem, Shape, option
from superpose_views.outlines import Line, arc
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
        exchanges, owners = _plan(self.pieces, self.seed)
        turned = _quarters(height, width)
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
        n = self.pieces
        _, owners = _plan(self.pieces, self.seed)
        cells = _cut(n, height, owners)
        numbers: Indices = cells @ np.array([n, 1])
        # Turned as the pieces are: of an odd number of pixels, other quarters would be cut a pixel further.
        quarter = cells[: (height + 1) // 2, : width // 2]
        for turned in _quarters(height, width):
            numbers.reshape(-1)[turned] = quarter @ np.array([n, 1])
            quarter = np.stack([n - 1 - quarter[..., 1], quarter[..., 0]], -1)
        return numbers

    def fine_cut(self, height: int, width: int, zoom: int) -> Indices:
        """The cells with tabs as round as they can be."""
        return self.cut(height * zoom, width * zoom)

    def lines(self, height: int, width: int) -> tuple[Line, ...]:
        """The edges of the cells, each with its tab."""
        del width
        _, owners = _plan(self.pieces, self.seed)
        return tuple(tab.line() * (height / self.pieces) for tab in owners)

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """Pieces turn by right angles, and each has at least a pixel."""
        _, height, width = shape
        if height != width:
            yield Problem("", f"jigsaw turns its pieces by right angles and needs square images, not {height}x{width}")
        elif height < self.pieces:
            what = f"jigsaw can't cut {height} pixels into {self.pieces} pieces a side"
            yield Problem("pieces", what, f"use pieces = {max(height, 2)}")


class Tab(NamedTuple):
    """A tab of the cell ``owner`` that reaches into the cell ``taker``."""

    owner: Cell
    taker: Cell

    @property
    def middle(self) -> tuple[float, float]:
        """The middle of its disc, in cells: half way between the cells' middles, and on into the taker."""
        (i, j), (k, m) = self
        return (i + k + 1) / 2 + (k - i) * _REACH, (j + m + 1) / 2 + (m - j) * _REACH

    def line(self) -> Line:
        """The edge between both cells, in cells: straight, round the tab, and straight again."""
        (i, j), (k, m) = self
        edge = np.array([(i + k + 1) / 2, (j + m + 1) / 2])
        aside = np.array([m - j, k - i]) / 2
        # The disc leaves the edge where it is so far from its middle, at this angle to the way into the taker.
        widest = math.acos(-_REACH / _RADIUS)
        way = math.atan2(m - j, k - i)
        turn = widest if aside @ (-math.sin(way), math.cos(way)) < 0 else -widest
        return np.concatenate([[edge - aside], arc(self.middle, _RADIUS, way + turn, way - turn), [edge + aside]])


@lru_cache(maxsize=32)
def _plan(n: int, seed: int) -> tuple[dict[Cell, tuple[int, ...]], list[Tab]]:
    """The exchange of places of each ring, and the tabs."""
    cells = [(i, j) for i in range(n) for j in range(n)]
    # More than are needed: one a ring of cells, one a ring of edges, one for the middle.
    draws = iter(shuffled(4 * n * n, seed).tolist())
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


def _quarters(height: int, width: int) -> list[Indices]:
    """The pixels of each quarter of the board: q quarter turns bring those of the first one to where the q-th are."""
    return [np.rot90(places(height, width), -q)[: (height + 1) // 2, : width // 2] for q in range(4)]


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
    for tab in tabs:
        y, x = tab.middle
        rows, columns = (slice(*np.searchsorted(at, (middle - _RADIUS, middle + _RADIUS))) for middle in (y, x))
        inside = (at[rows, None] - y) ** 2 + (at[None, columns] - x) ** 2 < _RADIUS**2
        cells[rows, columns][inside] = tab.owner
    return cells
