"""Mirroring."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs
import numpy as np

from superpose import Layer, Stacking, View, enlarged, option
from superpose_views.drawing import drawn, turning, whole

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Picture

_DIMENSIONS = {"vertical": (-2,), "horizontal": (-1,), "both": (-2, -1)}


@attrs.frozen(kw_only=True)
class Flip(View):
    """Mirrors the image: ``vertical`` turns it upside down, ``horizontal`` swaps left and right.

    A mirror, not a turn: what is turned upside down here reads as in a reflection on water. ``both`` is the half turn
    of ``rotate``.
    """

    kind = "flip"
    papers = ("arXiv 2311.17919",)
    axis: str = option("vertical", doc="direction along which pixels change places", choices=tuple(_DIMENSIONS))

    def apply(self, x: Tensor) -> Tensor:
        """The images mirrored."""
        return x.flip(_DIMENSIONS[self.axis])

    def invert(self, x: Tensor) -> Tensor:
        """The images mirrored, which undoes it."""
        return self.apply(x)

    def frame(self, image: Picture, u: float, zoom: int = 1) -> Picture:
        """The image as a card that is turned over, and is looked at from behind; ``both`` turns on the table."""
        shown = np.flip(image, _DIMENSIONS[self.axis])
        if u == 1:
            return enlarged(shown, zoom)
        if self.axis == "both":
            return drawn(image, zoom, [turning(image, math.pi * u, math.pi)])
        breadth = abs(math.cos(math.pi * u))
        size = (breadth, 1.0) if self.axis == "vertical" else (1.0, breadth)
        side = image if u < 0.5 else shown
        return drawn(side, zoom, [whole(side, 0.0, size)])

    def stacking(self, height: int, width: int) -> Stacking:
        """One sheet, turned over or upside down."""
        del height, width
        return Stacking(1, (Layer(0, 0 if self.axis == "horizontal" else 2, self.axis != "both"),))
