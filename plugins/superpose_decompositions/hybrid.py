"""Hybrid images: one thing from afar, another from close by."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs

from superpose import Decomposition, option
from superpose_decompositions.blur import UNIT, blurred

if TYPE_CHECKING:
    from torch import Tensor

#: Times as far away as from close by that a blur of one pixel of a 64-pixel image is the eye's own.
FURTHER = 3.0


@attrs.frozen(kw_only=True)
class Hybrid(Decomposition):
    r"""Low frequencies show one thing, seen from afar; high frequencies another, seen from close by.

    .. math:: x = G_\sigma x + (x - G_\sigma x)

    with a Gaussian blur. Sigma is given for an image 64 pixels high and grows with the image, so that one recipe
    means the same at every size. A smaller sigma favours what is seen from afar, a larger one what is seen close by.
    """

    kind = "hybrid"
    papers = ("arXiv 2404.11615",)
    names = ("low", "high")
    sigma: float = option(2.0, doc="standard deviation of the blur, in pixels of a 64-pixel image", gt=0, le=32)

    def split(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The blurred images, and what blurring took from them."""
        low = self._low(x)
        return low, x - low

    def part(self, name: str) -> Callable[[Tensor], Tensor]:
        """The low part alone needs no difference."""
        return self._low if name == "low" else super().part(name)

    def _low(self, x: Tensor) -> Tensor:
        return blurred(x, self.sigma * x.shape[-2] / UNIT)

    def distance(self, name: str) -> float:
        """The low part is seen from afar, the further the fewer frequencies it has."""
        return max(1.0, FURTHER * self.sigma) if name == "low" else 1.0
