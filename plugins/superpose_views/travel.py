r"""The way of the pieces of a picture that a permutation moves: each is carried and turned as a rigid thing.

A view says which pixels hold together. Where they go says the rest: of a piece with pixels at s that go to t, the turn
R by right angles is that which fits best, and :math:`t = R s + o`. A pixel of a piece that goes another way is a
piece of its own, so that frames are right even for a view that says too little.
"""

from __future__ import annotations

import math

import attrs
import numpy as np
from numpy.typing import NDArray

from superpose import Piece
from superpose_views.drawing import Placed, Point

Indices = NDArray[np.int64]
#: How far a path bends aside, relative to its length.
_BEND = 0.25


@attrs.frozen(eq=False)
class Traveller:
    """A piece and its way.

    Attributes:
        mask: Which pixels are its own, in a window of the picture.
        corner: Row and column of that window.
        start: Its middle, before.
        end: Its middle, after.
        turn: Angle that it turns by on the way, counter-clockwise, in radians.
    """

    mask: NDArray[np.bool_]
    corner: tuple[int, int]
    start: Point
    end: Point
    turn: float

    @property
    def stays(self) -> bool:
        """True where it lies as it lay."""
        return self.start == self.end and self.turn == 0

    def at(self, u: float, size: float) -> Placed:
        """Place of it so far on its way, on a path that bends a little."""
        down, along = self.end[0] - self.start[0], self.end[1] - self.start[1]
        aside = _BEND * math.sin(math.pi * u)
        place = self.start[0] + u * down + aside * along, self.start[1] + u * along - aside * down
        return Placed(self.mask, self.corner, self.start, place, u * self.turn, (size, size))


def travellers(sources: Indices, labels: Indices) -> list[Traveller]:
    """The pieces of a picture with their ways, those that stay first and those that go far last.

    Arguments:
        sources: For each place afterwards, row by row, the place before, shape (H * W,).
        labels: The number of the piece that each place before belongs to, shape (H, W).
    """
    width = labels.shape[1]
    ways = _Ways.of(sources, labels)
    # A pixel that does not go with its piece is one of its own, which does not turn.
    pieces = np.where(ways.strays, len(ways.quarters) + np.arange(len(ways.pieces)), ways.pieces)
    numbers, pieces = np.unique(pieces, return_inverse=True)
    order = np.argsort(pieces, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(pieces[order])) + 1)
    found = [
        _traveller(group, ways.s, ways.t, int(ways.quarters[number]) if number < len(ways.quarters) else 0, width)
        for number, group in zip(numbers, groups, strict=True)
    ]
    return sorted(found, key=lambda piece: (not piece.stays, math.dist(piece.start, piece.end)))


def rigid(sources: Indices, labels: Indices) -> tuple[Piece, ...]:
    """Way of each piece as a whole, in the order of their numbers; arguments as of `travellers`."""
    ways = _Ways.of(sources, labels)
    steady = [np.flatnonzero((ways.pieces == number) & ~ways.strays) for number in range(len(ways.quarters))]
    return tuple(
        Piece(_middle(ways.s[group]), _middle(ways.t[group]), _angle(int(quarter)))
        for group, quarter in zip(steady, ways.quarters, strict=True)
    )


@attrs.frozen(eq=False)
class _Ways:
    """The way of each pixel of a picture, beside that of the piece it is of.

    Attributes:
        s: The middle of each pixel before, shape (H * W, 2).
        t: And afterwards.
        pieces: The piece of each pixel: a number from 0, in the order of the labels.
        quarters: The quarter turns of each piece.
        strays: Whether a pixel goes another way than its piece.
    """

    s: NDArray[np.float64]
    t: NDArray[np.float64]
    pieces: Indices
    quarters: Indices
    strays: NDArray[np.bool_]

    @classmethod
    def of(cls, sources: Indices, labels: Indices) -> _Ways:
        """From the places before, and the pieces."""
        height, width = labels.shape
        s = np.stack(np.divmod(np.arange(height * width), width), -1) + 0.5
        t = s[np.argsort(sources)]
        pieces = np.unique(labels, return_inverse=True)[1].reshape(-1)
        quarters = _quarters(pieces, s, t)
        offsets = t - _turned(s, quarters[pieces])
        usual = _usual(pieces, offsets)
        return cls(s, t, pieces, quarters, (offsets != usual[pieces]).any(-1))


def _middle(at: NDArray[np.float64]) -> Point:
    down, along = at.mean(0)
    return float(down), float(along)


def _angle(quarter: int) -> float:
    """Quarter turns as the shortest angle."""
    return (quarter if quarter < 3 else -1) * math.pi / 2


def _traveller(group: Indices, s: NDArray[np.float64], t: NDArray[np.float64], quarter: int, width: int) -> Traveller:
    rows, columns = np.divmod(group, width)
    top, left = int(rows.min()), int(columns.min())
    mask = np.zeros((int(rows.max()) - top + 1, int(columns.max()) - left + 1), bool)
    mask[rows - top, columns - left] = True
    return Traveller(mask, (top, left), _middle(s[group]), _middle(t[group]), _angle(quarter))


def _quarters(pieces: Indices, s: NDArray[np.float64], t: NDArray[np.float64]) -> Indices:
    """The quarter turns, counter-clockwise, that fit each piece best: the angle that Procrustes' problem has."""
    counts = np.bincount(pieces)

    def centred(at: NDArray[np.float64]) -> NDArray[np.float64]:
        means = np.stack([np.bincount(pieces, at[:, axis]) / counts for axis in (0, 1)], -1)
        return at - means[pieces]

    (before_y, before_x), (after_y, after_x) = centred(s).T, centred(t).T
    cos = np.bincount(pieces, before_y * after_y + before_x * after_x)
    sin = np.bincount(pieces, before_y * after_x - before_x * after_y)
    quarters: Indices = np.round(np.arctan2(sin, cos) / (math.pi / 2)).astype(np.int64) % 4
    return quarters


def _turned(at: NDArray[np.float64], quarters: Indices) -> NDArray[np.float64]:
    """Points turned about the corner of the picture, each by its own quarter turns."""
    y, x = at.T
    by = np.stack([np.stack(pair, -1) for pair in ((y, x), (-x, y), (-y, -x), (x, -y))])
    turned: NDArray[np.float64] = by[quarters, np.arange(len(at))]
    return turned


def _usual(pieces: Indices, offsets: NDArray[np.float64]) -> NDArray[np.float64]:
    """The offset that most pixels of each piece have: that in the middle, which is one of them."""
    order = np.lexsort((offsets[:, 1], offsets[:, 0], pieces))
    ends = np.cumsum(np.bincount(pieces))
    middles = order[(np.concatenate([[0], ends[:-1]]) + ends - 1) // 2]
    usual: NDArray[np.float64] = offsets[middles]
    return usual
