"""A part of the image, seen through one window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from superpose import Problem, option
from superpose_views.looking import Looking, Place, lacking
from superpose_views.windowed import Windowed

if TYPE_CHECKING:
    from superpose import Shape, View


@attrs.frozen(kw_only=True)
class Window(Windowed):
    """Shows a rectangle of the image, as large as what the model paints.

    Where several windows show a place, each has its share of what is said there: MultiDiffusion. What stands in a row
    is windows side by side, each with its own prompt, which overlap a little so that no seam is seen.
    """

    kind = "window"
    papers = ("arXiv 2302.08113",)
    top: int = option(0, doc="its first row, from 0", ge=0)
    left: int = option(0, doc="its first column, from 0", ge=0)
    size: tuple[int, int] | None = option(
        None, doc="its height and width; a square of the image's shorter side if absent", ge=1, each=True
    )
    blend: str = option(
        "even",
        doc="where windows overlap, each counts alike, or 'feathered' less towards its edge",
        choices=("even", "feathered"),
    )

    def place(self, height: int, width: int) -> Place:
        """As the options say."""
        shorter = min(height, width)
        return self.top, self.left, *(self.size or (shorter, shorter))

    def windows(self, shape: Shape) -> tuple[Looking]:
        """The one."""
        _, *whole = shape
        tall, wide = whole
        top, left, height, width = self.place(tall, wide)
        return (Looking(top=top, left=left, height=height, width=width, whole=(tall, wide), blend=self.blend),)

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """It lies inside the image."""
        place = self.place(*shape[1:])
        if what := lacking(shape, place):
            long = place[0] + place[2] <= shape[1]
            yield Problem(
                "left" if long else "top", f"{self.kind} {what}", "move it, make it smaller, or the canvas larger"
            )

    def scaled(self, factor: float) -> View:
        """The same part of an image ``factor`` times as large."""
        size = self.size and (round(self.size[0] * factor), round(self.size[1] * factor))
        return attrs.evolve(self, top=round(self.top * factor), left=round(self.left * factor), size=size)
