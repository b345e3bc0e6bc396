"""Drawing of what moves on paper: a picture or a piece of one, carried, turned and resized.

Each point of a frame asks where it came from, so that nothing has holes and both ends of a motion are exact. A pixel of
a frame is the mean of four points.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import attrs
import numpy as np
from numpy.typing import NDArray

from superpose import Picture

#: What shows where nothing lies: white.
PAPER = 1.0
#: Points a pixel of a frame, each way.
_POINTS = 2

Point = tuple[float, float]


@attrs.frozen(eq=False)
class Placed:
    """Something that lies somewhere: a piece of a picture, or all of it.

    Points are (row, column) in pixels of the picture, with the corner of the first one at (0, 0).

    Attributes:
        mask: Which pixels are its own, in a window of the picture.
        corner: Row and column of that window.
        grip: The point of the picture that it is turned and resized about.
        place: Where that point lies in the frame.
        turn: Angle, counter-clockwise, in radians.
        size: Height and width, relative to its own.
    """

    mask: NDArray[np.bool_]
    corner: tuple[int, int]
    grip: Point
    place: Point
    turn: float = 0.0
    size: Point = (1.0, 1.0)

    def draw_on(self, canvas: Picture, image: Picture, points: int) -> None:
        """Paint it over what lies there; ``points`` are those of a pixel of the picture, each way."""
        if min(self.size) < 1 / points / max(self.mask.shape):
            return  # seen from its edge
        rows, columns = (
            _reached(*span, points, size) for span, size in zip(self._box(), canvas.shape[-2:], strict=True)
        )
        down = ((np.arange(rows.start, rows.stop) + 0.5) / points - self.place[0])[:, None]
        along = ((np.arange(columns.start, columns.stop) + 0.5) / points - self.place[1])[None]
        cos, sin = math.cos(self.turn), math.sin(self.turn)
        i = np.floor((down * cos + along * sin) / self.size[0] + self.grip[0]).astype(int) - self.corner[0]
        j = np.floor((along * cos - down * sin) / self.size[1] + self.grip[1]).astype(int) - self.corner[1]
        height, width = self.mask.shape
        inside = (i >= 0) & (i < height) & (j >= 0) & (j < width)
        inside[inside] = self.mask[i[inside], j[inside]]
        window = canvas[:, rows, columns]
        window[:, inside] = image[:, i[inside] + self.corner[0], j[inside] + self.corner[1]]

    def _box(self) -> tuple[Point, Point]:
        """The rows and the columns between which it lies in the frame, in pixels of the picture."""
        height, width = self.mask.shape
        ends = [(self.corner[0] + i * height, self.corner[1] + j * width) for i in (0, 1) for j in (0, 1)]
        cos, sin = math.cos(self.turn), math.sin(self.turn)
        down, along = [], []
        for end in ends:
            y, x = ((end[axis] - self.grip[axis]) * self.size[axis] for axis in (0, 1))
            down.append(self.place[0] + y * cos - x * sin)
            along.append(self.place[1] + x * cos + y * sin)
        return (min(down), max(down)), (min(along), max(along))


def whole(image: Picture, turn: float = 0.0, size: Point = (1.0, 1.0)) -> Placed:
    """All of a picture, in the middle of the frame."""
    height, width = image.shape[-2:]
    middle = height / 2, width / 2
    return Placed(np.ones((height, width), bool), (0, 0), middle, middle, turn, size)


def turning(image: Picture, turn: float, end: float) -> Placed:
    """All of a picture on its turn to the angle ``end``: made small at first, so that it fits, and large at last."""
    height, width = image.shape[-2:]
    least = min(turn, end - turn, math.pi / 4)
    cos, sin = math.cos(least), math.sin(least)
    size = min(height / (height * cos + width * sin), width / (width * cos + height * sin))
    return whole(image, turn, (size, size))


def drawn(image: Picture, zoom: int, things: Iterable[Placed]) -> Picture:
    """The frame of things that lie on paper, the last one on top."""
    channels, height, width = image.shape
    points = zoom * _POINTS
    canvas = np.full((channels, height * points, width * points), PAPER)
    for thing in things:
        thing.draw_on(canvas, image, points)
    # Added in pairs: the mean of four equal values is that value, to the bit.
    rows = canvas[:, ::2] + canvas[:, 1::2]
    means: Picture = (rows[:, :, ::2] + rows[:, :, 1::2]) / 4
    return means


def _reached(low: float, high: float, points: int, size: int) -> slice:
    """The points of a frame between two of its lines."""
    return slice(max(math.floor(low * points), 0), max(min(math.ceil(high * points), size), 0))
