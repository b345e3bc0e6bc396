r"""DDPM's ancestral sampler (Ho et al. 2020, arXiv 2006.11239, eq. 6 and 7), on any grid.

.. math:: x_s = \frac{k \sigma_s^2}{\sigma_t^2} x_t + \frac{\alpha_s \beta}{\sigma_t^2} x_0 + \sqrt{v}\, z, \qquad
          k = \frac{\alpha_t}{\alpha_s}, \quad \beta = \sigma_t^2 - k^2 \sigma_s^2

=============  ==================================================================================================
fixed_small    :math:`v = \tilde\beta = \beta \sigma_s^2 / \sigma_t^2`, right for data at a point
fixed_large    :math:`v = \beta`, right for data that are white noise
learned        :math:`\log v` is what the network says
learned_range  :math:`\log v = \nu \log\beta + (1 - \nu) \log\tilde\beta`, :math:`2\nu - 1` what the network says
               (arXiv 2102.09672, eq. 15)
=============  ==================================================================================================

A steer g moves the mean by :math:`v g` (classifier guidance, arXiv 2105.05233, algorithm 1), but for the last step.

No noise goes onto the final image, whatever the last time is. diffusers adds some where that is not 0, with
fixed_large of standard deviation 0.04 for time 1; and its "learned" is the variance itself, not its logarithm.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import attrs

from superpose import Gridded, Move, Problem, RunError, added_variance, ancestral, combine, option, posterior_variance

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Denoise, Estimate, LearnedVariance, Memory, NoiseLevel, StepNoise

VARIANCES = ("auto", "fixed_small", "fixed_large", "learned", "learned_range")


@attrs.frozen(kw_only=True)
class DDPM(Gridded):
    """The ancestral sampler of denoising diffusion probabilistic models.

    Draws noise at every step and remembers nothing: the sampler that constraints are written for. Its best step count
    is in the hundreds.
    """

    kind = "ddpm"
    papers = ("arXiv 2006.11239", "arXiv 2102.09672")
    applies_gradient = True
    variance: str = option(
        "auto", doc="variance of a step; auto: learned_range where the network offers it, else fixed_small",
        choices=VARIANCES,
    )  # fmt: skip

    @property
    def stochastic(self) -> bool:
        """Steps always draw noise, but for the last."""
        return True

    def problems(self, learned_variance: LearnedVariance) -> Iterator[Problem]:
        """Problems with sampling a network of that learned variance."""
        if self.variance in ("learned", "learned_range") and learned_variance != self.variance:
            offer = "no variance" if learned_variance == "none" else f"a variance of kind {learned_variance!r}"
            cure = "fixed_small" if learned_variance == "none" else learned_variance
            what = f"variance = {self.variance!r}, but this network learned {offer}"
            yield Problem("variance", what, f"write variance = {cure!r}")
        elif self.variance == "auto" and learned_variance == "learned":
            what = "variance = 'auto' reads learned ranges, not a learned variance"
            yield Problem("variance", what, "write variance = 'learned'")

    def move(self, here: NoiseLevel, there: NoiseLevel, *, says_variance: bool = False) -> Move | None:
        """The posterior's weights, with noise of a fixed variance; None where the network says it."""
        if self.variance.startswith("learned") or (says_variance and self.variance == "auto"):
            return None
        on_x, on_clean, small, large = weights(here, there)
        return Move(on_x, on_clean, large if self.variance == "fixed_large" and there.sigma > 0 else small)

    def step(
        self,
        denoise: Denoise,
        x: Tensor,
        here: NoiseLevel,
        there: NoiseLevel,
        state: Memory,
        noise: StepNoise,
        jumped: bool,
    ) -> tuple[Tensor, Memory]:
        """Draw from the posterior; noise is asked once, except at the clean end.

        Raises:
            RunError: If the variance is to be learned, and the network says nothing of it.
        """
        del jumped
        estimate = denoise(x, here)
        if there.sigma == 0:
            return estimate.clean * there.alpha, state
        variance = self._variance(estimate)
        on_x, on_clean, small, large = weights(here, there)
        if variance in ("fixed_small", "fixed_large"):
            fresh = small if variance == "fixed_small" else large
            terms = [(on_x, x), (on_clean, estimate.clean), (fresh, noise())]
            if estimate.guidance_gradient is not None:
                terms.append((fresh**2, estimate.guidance_gradient))
            return combine(*terms), state
        said = estimate.variance
        if said is None:
            raise RunError(
                f"ddpm with variance = {self.variance!r}: the network said nothing of the variance at t={here.t:g}: "
                "write variance = 'fixed_small'"
            )
        mean = combine((on_x, x), (on_clean, estimate.clean))
        deviation = _deviation(variance, said, small, large)
        if estimate.guidance_gradient is not None:
            mean.addcmul_(deviation.square(), estimate.guidance_gradient)
        return mean.addcmul_(deviation, noise()), state

    def _variance(self, estimate: Estimate) -> str:
        if self.variance != "auto":
            return self.variance
        return "fixed_small" if estimate.variance is None else "learned_range"


@lru_cache(maxsize=4096)
def weights(here: NoiseLevel, there: NoiseLevel) -> tuple[float, float, float, float]:
    """Weights of the state and of the clean image; standard deviation of fixed_small and of fixed_large."""
    on_x, on_clean, _ = ancestral(here, there, 1.0)
    return on_x, on_clean, math.sqrt(posterior_variance(here, there)), math.sqrt(added_variance(here, there))


def _deviation(variance: str, said: Tensor, small: float, large: float) -> Tensor:
    if variance == "learned":
        return said.mul(0.5).exp_()
    # The logarithm of the standard deviation is linear in what the network says: from small at -1 to large at 1.
    low, high = math.log(small), math.log(large)
    return said.mul((high - low) / 2).add_((high + low) / 2).exp_()
