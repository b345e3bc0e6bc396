r"""A picture larger than what the model paints, seen through windows that overlap: MultiDiffusion (arXiv 2302.08113).

Windows of the model's size are laid over a rectangle of the image, the first at its top left corner and the last at its
bottom right one, as evenly as whole pixels allow and no further apart than the stride, so that no strip is left out.
Each step asks the network of every window, and what overlapping windows say of a place is averaged. With wrap-around
they go on over an edge at the other one, as if the image were rolled into a tube, or a tile.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from superpose import Problem, option
from superpose_views.looking import Looking, Place, lacking
from superpose_views.windowed import Windowed

if TYPE_CHECKING:
    from superpose import Shape, View


@attrs.frozen(kw_only=True)
class Panorama(Windowed):
    """Shows the image, or a rectangle of it, through many windows of what the model paints.

    Several panoramas with rectangles that overlap paint a landscape of several prompts. A step asks the network once
    for each window, so the cost grows with the canvas, and with the overlap.
    """

    kind = "panorama"
    papers = ("arXiv 2302.08113",)
    size: tuple[int, int] | None = option(
        None, doc="height and width of a window; a square of the shorter side if absent", ge=1, each=True
    )
    stride: int | None = option(None, doc="pixels from window to window, at most; half a window if absent", ge=1)
    wrap: str = option(
        "none",
        doc="the edges that are joined: left to right, top to bottom, or both",
        choices=("none", "width", "height", "both"),
    )
    blend: str = option(
        "even",
        doc="where windows overlap, each counts alike, or 'feathered' less towards its edge",
        choices=("even", "feathered"),
    )
    top: int = option(0, doc="first row of the rectangle, from 0", ge=0)
    left: int = option(0, doc="first column of the rectangle, from 0", ge=0)
    height: int | None = option(None, doc="rows of the rectangle; all below if absent", ge=1)
    width: int | None = option(None, doc="columns of the rectangle; all to the right if absent", ge=1)

    @property
    def joined(self) -> frozenset[int]:
        """The axes along which windows go round."""
        axes = {"width": {-1}, "height": {-2}, "both": {-1, -2}}
        return frozenset(axes.get(self.wrap, ()))

    def place(self, height: int, width: int) -> Place:
        """The rectangle as the options say."""
        return self.top, self.left, self.height or max(1, height - self.top), self.width or max(1, width - self.left)

    def windows(self, shape: Shape) -> tuple[Looking, ...]:
        """The windows, row by row."""
        _, tall, wide = shape
        top, left, height, width = self.place(tall, wide)
        down, along = self._window(height, width)
        rows = self._starts(height, down, self.wrap in ("height", "both"))
        columns = self._starts(width, along, self.wrap in ("width", "both"))
        return tuple(
            Looking(top=top + row, left=left + column, height=down, width=along, whole=(tall, wide), blend=self.blend)
            for row in rows
            for column in columns
        )

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """The rectangle lies inside the image and is as large as a window; only what spans it can go round."""
        _, tall, wide = shape
        place = self.place(tall, wide)
        if what := lacking(shape, place):
            yield Problem("", f"{self.kind} {what}", "move it, make it smaller, or the canvas larger")
            return
        _, _, height, width = place
        down, along = self._window(height, width)
        if down > height or along > width:
            cure = "make the canvas or the rectangle larger, or give windows the size that the model paints"
            yield Problem(
                "size", f"a {self.kind} of windows of {down}x{along} looks at {height}x{width}, which is less", cure
            )
        for axis, spans in (("width", width == wide), ("height", height == tall)):
            if self.wrap in (axis, "both") and not spans:
                what = f"a {self.kind} that does not span the image's {axis} has no edges there to join"
                yield Problem("wrap", what, f"leave {axis} out")

    def scaled(self, factor: float) -> View:
        """The same windows on an image ``factor`` times as large."""

        def times(value: int) -> int:
            return max(1, round(value * factor))

        return attrs.evolve(
            self,
            size=self.size and (times(self.size[0]), times(self.size[1])),
            stride=self.stride and times(self.stride),
            top=round(self.top * factor),
            left=round(self.left * factor),
            height=self.height and times(self.height),
            width=self.width and times(self.width),
        )

    def _window(self, height: int, width: int) -> tuple[int, int]:
        shorter = min(height, width)
        return self.size or (shorter, shorter)

    def _starts(self, length: int, window: int, wraps: bool) -> list[int]:
        """First pixels of the windows along one side."""
        stride = min(self.stride or max(1, window // 2), window)
        if wraps:
            count = math.ceil(length / stride)
            return [i * length // count for i in range(count)]
        gaps = math.ceil((length - window) / stride)
        return [i * (length - window) // max(1, gaps) for i in range(gaps + 1)]
