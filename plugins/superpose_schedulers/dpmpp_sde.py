r"""DPM-Solver++ for the diffusion SDE (arXiv 2211.01095, section 5): order in the mean, fresh noise at each step.

.. math:: x_s = \frac{\sigma_s}{\sigma_t} e^{-h} x_t + 2 \alpha_s \int_0^h e^{2(u - h)} m(\lambda_t + u)\, du
          + \sigma_s \sqrt{1 - e^{-2h}}\; z

The integral is :math:`-\alpha_s I(-2h)`, with I of `superpose_schedulers.dpm`. Of order one this is DDPM's posterior.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

from superpose import apart
from superpose_schedulers.dpm import DPM, Weights

if TYPE_CHECKING:
    from superpose import NoiseLevel


@attrs.frozen(kw_only=True)
class DPMppSDE(DPM):
    """DPM-Solver++ with fresh noise at each step: more varied images than ``dpmpp``, and more steps."""

    kind = "dpmpp-sde"
    papers = ("arXiv 2211.01095",)

    @property
    def stochastic(self) -> bool:
        """Steps draw noise, but for the last."""
        return True

    def weights(self, here: NoiseLevel, there: NoiseLevel, past: tuple[NoiseLevel, ...]) -> Weights:
        """The integral over the polynomial through the clean images, and the noise."""
        h, on = apart(here, there), self.integral(-2.0, here, there, past)
        on_x, on_noise = there.sigma / here.sigma * math.exp(-h), there.sigma * math.sqrt(-math.expm1(-2 * h))
        return Weights(on_x, tuple(-there.alpha * each for each in on), on_noise)
