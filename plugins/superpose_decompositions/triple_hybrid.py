"""Triple hybrids: one thing from afar, one from the middle, one from close by."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs

from superpose import Decomposition, option
from superpose_decompositions.blur import UNIT, blurred
from superpose_decompositions.hybrid import FURTHER

if TYPE_CHECKING:
    from torch import Tensor


@attrs.frozen(kw_only=True)
class TripleHybrid(Decomposition):
    r"""Low, middle and high frequencies show one thing each: what is seen changes twice as one steps back.

    .. math:: x = G_2 G_1 x + (G_1 x - G_2 G_1 x) + (x - G_1 x)

    with Gaussian blurs of standard deviations sigma_1 and sigma_2, which are given for an image 64 pixels high and grow
    with the image. The paper takes 0.8 to 1 for the first and 1.2 to 2 for the second.
    """

    kind = "triple-hybrid"
    papers = ("arXiv 2404.11615",)
    names = ("low", "middle", "high")
    sigma_1: float = option(1.0, doc="blur that takes the high part away, in pixels of a 64-pixel image", gt=0, le=32)
    sigma_2: float = option(2.0, doc="further blur that takes the middle part away, likewise", gt=0, le=32)

    def split(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Bands of two blurs: what both leave, what the second took, what the first took."""
        once = blurred(x, self.sigma_1 * x.shape[-2] / UNIT)
        twice = blurred(once, self.sigma_2 * x.shape[-2] / UNIT)
        return twice, once - twice, x - once

    def part(self, name: str) -> Callable[[Tensor], Tensor]:
        """The high part alone needs one blur."""
        if name == "high":
            return lambda x: x - blurred(x, self.sigma_1 * x.shape[-2] / UNIT)
        return super().part(name)

    def distance(self, name: str) -> float:
        """Each part is seen from where what lies above it is lost."""
        blurs = {"low": math.hypot(self.sigma_1, self.sigma_2), "middle": self.sigma_1, "high": 0.0}
        return max(1.0, FURTHER * blurs[name])
