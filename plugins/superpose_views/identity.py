"""The view that changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose import Layer, Stacking, View, enlarged

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Picture


@attrs.frozen(kw_only=True)
class Identity(View):
    """Shows the image as it is.

    An illusion usually has it as its first view: what the sample shows when nobody touches it. It hands the very
    tensor through, so that what is asked of it is asked once with every other question about the image.
    """

    kind = "identity"
    papers = ("arXiv 2311.17919",)

    def apply(self, x: Tensor) -> Tensor:
        """``x`` itself."""
        return x

    def invert(self, x: Tensor) -> Tensor:
        """``x`` itself."""
        return x

    def frame(self, image: Picture, u: float, zoom: int = 1) -> Picture:
        """The image, which rests."""
        del u
        return enlarged(image, zoom)

    def stacking(self, height: int, width: int) -> Stacking:
        """One sheet, as it is."""
        del height, width
        return Stacking(1, (Layer(0),))
