"""Mirroring."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose import View, option

if TYPE_CHECKING:
    from torch import Tensor

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
