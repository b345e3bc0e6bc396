"""Pictures cut into pieces that lie elsewhere afterwards: what a puzzle on paper is made from."""

from __future__ import annotations

import math
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray


@attrs.frozen
class Piece:
    """A piece as a rigid thing that is carried and turned.

    Points are (row, column) in pixels of the picture, whose first corner is (0, 0).

    Attributes:
        start: A point of the picture.
        end: Where that point lies afterwards.
        turn: Angle that the piece is turned by, counter-clockwise, in radians.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    turn: float

    def moved(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where points of the piece lie afterwards, shape (K, 2)."""
        cos, sin = math.cos(self.turn), math.sin(self.turn)
        down, along = (points - self.start).T
        return np.stack([down * cos - along * sin, along * cos + down * sin], -1) + self.end


@attrs.frozen(eq=False)
class Cutting:
    """A picture in pieces.

    Attributes:
        labels: The number of the piece that each pixel belongs to, shape (H * zoom, W * zoom).
        pieces: The pieces, by their numbers.
        lines: Where it is cut, from point to point, shape (K, 2), each line once; the edge of the picture is not among
            them. In both pictures, since a piece takes the place of another one of its shape.
        zoom: Labels are of the picture so many times as large.
    """

    labels: NDArray[np.int64]
    pieces: tuple[Piece, ...]
    lines: tuple[NDArray[np.float64], ...]
    zoom: int = 1

    def assembled(self, picture: NDArray[Any], ground: NDArray[Any]) -> NDArray[Any]:
        """A picture after its pieces have moved: a new array.

        Arguments:
            picture: Before, shape (C, H * zoom, W * zoom).
            ground: What shows where no piece comes to lie, shaped likewise.
        """
        there = ground.copy()
        for number, piece in enumerate(self.pieces):
            rows, columns = np.nonzero(self.labels == number)
            middles = (np.stack([rows, columns], -1) + 0.5) / self.zoom
            goes = np.floor(piece.moved(middles) * self.zoom).astype(np.int64)
            inside = ((goes >= 0) & (goes < self.labels.shape)).all(-1)
            there[:, goes[inside, 0], goes[inside, 1]] = picture[:, rows[inside], columns[inside]]
        return there
