"""One of several canvases that lie one below the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from superpose import Layer, Problem, Stacking, option
from superpose_views.looking import Looking, Place
from superpose_views.windowed import Windowed

if TYPE_CHECKING:
    from superpose import Shape


@attrs.frozen(kw_only=True)
class OneCanvas(Windowed):
    """Shows one of the canvases of a sample: see ``[canvas]`` ``count``.

    Each canvas is as the model paints. Left to themselves they are independent images of one sample; a constraint may
    tie them.
    """

    kind = "canvas"
    partial = False
    papers = ("arXiv 2403.14370",)
    number: int = option(0, doc="which, from 0", ge=0)
    of: int | None = option(None, doc="how many there are; as many squares as lie in the image if absent", ge=1)

    def place(self, height: int, width: int) -> Place:
        """Those before it are above."""
        each = height // self._count(height, width)
        return self.number * each, 0, each, width

    def windows(self, shape: Shape) -> tuple[Looking]:
        """The one."""
        _, tall, wide = shape
        top, left, height, width = self.place(tall, wide)
        return (Looking(top=top, left=left, height=height, width=width, whole=(tall, wide)),)

    def stacking(self, height: int, width: int) -> Stacking:
        """Its sheet, as it is."""
        return Stacking(self._count(height, width), (Layer(self.number),))

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """There are so many canvases."""
        _, height, width = shape
        count = self._count(height, width)
        if height % count:
            yield Problem(
                "of", f"{height} rows are not {count} equal parts for a canvas each", "say how many there are"
            )
        elif self.number >= count:
            cure = f"number them from 0 to {count - 1}, or give [canvas] a larger count"
            yield Problem("number", f"there is no canvas {self.number}: there are {count}", cure)

    def _count(self, height: int, width: int) -> int:
        return self.of or max(1, height // width)
