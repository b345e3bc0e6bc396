"""Lines between pieces: along the edges of pixels, or as true curves."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]
Line = NDArray[np.float64]
Vertex = tuple[int, int]

#: Radians from one point of an arc to the next: 0.004 % of the radius is the most that the chord is off.
_STEP = math.pi / 180


def arc(middle: tuple[float, float], radius: float, first: float, last: float) -> Line:
    """Points of an arc: angles in radians, 0 downwards and then to the right."""
    count = math.ceil(abs(last - first) / _STEP) + 1
    angles = np.linspace(first, last, count)
    line: Line = np.stack([middle[0] + radius * np.cos(angles), middle[1] + radius * np.sin(angles)], -1)
    return line


def edges(labels: Indices) -> tuple[Line, ...]:
    """The lines between pieces along the edges of pixels, each once, as long as both neighbours are the same.

    Arguments:
        labels: The number of the piece that each pixel belongs to, shape (H, W).
    """
    joints: dict[Vertex, dict[Vertex, tuple[int, int]]] = defaultdict(dict)
    for axis in (0, 1):
        rows = labels if axis == 0 else labels.T
        for i, j in np.argwhere(rows[1:] != rows[:-1]).tolist():
            one, other = sorted((int(rows[i, j]), int(rows[i + 1, j])))
            ends = [(i + 1, j), (i + 1, j + 1)]
            first, last = ends if axis == 0 else [(y, x) for x, y in ends]
            joints[first][last] = joints[last][first] = (one, other)
    return tuple(map(_straightened, _chains(joints)))


def _chains(joints: dict[Vertex, dict[Vertex, tuple[int, int]]]) -> Iterator[list[Vertex]]:
    """Edges joined to lines: first those that end somewhere, then closed ones."""
    crossings = [vertex for vertex, ways in joints.items() if len(ways) != 2 or len(set(ways.values())) > 1]
    for vertex in (*crossings, *joints):
        while joints[vertex]:
            chain = [vertex]
            pair = next(iter(joints[vertex].values()))
            while step := next((there for there, name in joints[chain[-1]].items() if name == pair), None):
                del joints[chain[-1]][step], joints[step][chain[-1]]
                chain.append(step)
                if step in crossings:
                    break
            yield chain


def _straightened(chain: list[Vertex]) -> Line:
    """Without the points on the way of a straight line."""
    points = np.array(chain, np.float64)
    steps = np.diff(points, axis=0)
    bends = np.flatnonzero((steps[1:] != steps[:-1]).any(-1)) + 1
    return points[[0, *bends, len(points) - 1]]
