"""Guidance that is careful where the prompt changes much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose import option
from superpose_guidance.contrast import Contrast, inner

if TYPE_CHECKING:
    from torch import Tensor


@attrs.frozen(kw_only=True)
class MagnitudeAware(Contrast):
    r"""Magnitude-aware mitigation (MAMBO-G): less guidance for a sample of which the prompt changes much.

    .. math:: D(x) = d_- + w'\,(d_+ - d_-), \qquad w' = 1 + (w - 1)\,e^{-a r}, \qquad r = \frac{|d_+ - d_-|}{|d_-|}

    In the first steps the two differ most, and full strength there overshoots for good. With a = 0 it is ``cfg``.
    """

    kind = "magnitude-aware"
    papers = ("arXiv 2508.03442",)
    damping: float = option(8.0, doc="a: how fast guidance gives way to the relative size of its change", ge=0)

    def combined(self, positive: Tensor, negative: Tensor) -> Tensor:
        """The sum with a weight for each sample."""
        change = positive - negative
        relative = (inner(change, change) / inner(negative, negative).clamp(min=1e-24)).sqrt()
        weight = 1 + (self.scale - 1) * (-self.damping * relative).exp()
        return negative + change * weight.to(change.dtype)
