"""Turning light into dark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose import View, enlarged

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Picture


@attrs.frozen(kw_only=True)
class Negate(View):
    """Shows the photographic negative: every value with its sign changed.

    Values are centred on 0, so the negative of an image is an image, and the negative of noise is the same noise. The
    variance of a value does not change with its sign, so it is left alone.
    """

    kind = "negate"
    papers = ("arXiv 2311.17919",)

    def apply(self, x: Tensor) -> Tensor:
        """The negative."""
        return -x

    def invert(self, x: Tensor) -> Tensor:
        """The negative of the negative."""
        return -x

    def apply_to_variance(self, variance: Tensor) -> Tensor:
        """``variance`` itself."""
        return variance

    def frame(self, image: Picture, u: float, zoom: int = 1) -> Picture:
        """The image, which fades through grey."""
        return enlarged(image * (1 - 2 * u), zoom)
