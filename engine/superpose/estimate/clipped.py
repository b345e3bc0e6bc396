"""A denoiser whose clean image is kept in range."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose.estimate.denoiser import Denoiser

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.clip import Clip
    from superpose.estimate.query import Estimation
    from superpose.levels.noise_level import NoiseLevel


@attrs.frozen(eq=False)
class Clipped(Denoiser):
    """A denoiser whose clean image is kept in range; where it is steered to is not clipped."""

    inner: Denoiser
    clip: Clip

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Estimate, then clip."""
        estimate = yield from self.inner.estimate(x, level)
        return estimate.mapped(self.clip.apply)

    def with_dispersion(self) -> Denoiser:
        """The same, with the dispersion of what is not clipped."""
        return attrs.evolve(self, inner=self.inner.with_dispersion())
