"""A disc that turns."""

from __future__ import annotations

import math

import attrs
import numpy as np

from superpose import option
from superpose_views.outlines import Line, arc
from superpose_views.permutation import Indices, Permutation, places


@attrs.frozen(kw_only=True)
class InnerCircle(Permutation):
    """Turns a disc in the middle of the image by 180 degrees and leaves the rest where it is."""

    kind = "inner-circle"
    papers = ("arXiv 2311.17919",)
    diameter: float = option(0.75, doc="diameter of the disc, as a share of the shorter side", gt=0, le=1)

    def sources(self, height: int, width: int) -> Indices:
        """The pixel opposite, inside the disc."""
        pixels = places(height, width)
        return np.where(self.cut(height, width), pixels[::-1, ::-1], pixels).reshape(-1)

    def cut(self, height: int, width: int) -> Indices:
        """The disc, and all around it."""
        # Twice the distance from the centre, so that pixel centres are whole numbers and opposite ones are equally far.
        down, along = 2 * np.arange(height) + 1 - height, 2 * np.arange(width) + 1 - width
        inside = down[:, None] ** 2 + along[None, :] ** 2 < (self.diameter * min(height, width)) ** 2
        return inside.astype(np.int64)

    def fine_cut(self, height: int, width: int, zoom: int) -> Indices:
        """The disc, as round as it can be."""
        return self.cut(height * zoom, width * zoom)

    def lines(self, height: int, width: int) -> tuple[Line, ...]:
        """A circle."""
        return (arc((height / 2, width / 2), self.diameter * min(height, width) / 2, 0, 2 * math.pi),)

    def size_at(self, u: float) -> float:
        """The disc fills its hole all the way."""
        del u
        return 1.0
