r"""DPM-Solver++ for the diffusion SDE (arXiv 2211.01095, section 5): order in the mean, fresh noise at each step.

.. math:: x_s = \frac{\sigma_s}{\sigma_t} e^{-h} x_t + 2 \alpha_s \int_0^h e^{2(u - h)} m(\lambda_t + u)\, du
          + \sigma_s \sqrt{1 - e^{-2h}}\; z

Of order one this is DDPM's posterior.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import attrs

from superpose import apart, option
from superpose_schedulers.dpm import DPM, Weights, on_estimates
from superpose_schedulers.dpmpp import SOLVERS

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import NoiseLevel


@attrs.frozen(kw_only=True)
class DPMppSDE(DPM):
    """DPM-Solver++ with fresh noise at each step: more varied images than ``dpmpp``, and more steps."""

    kind = "dpmpp-sde"
    papers = ("arXiv 2211.01095",)
    solver: str = option("midpoint", doc="how the second order weighs the slope", choices=SOLVERS)

    @property
    def stochastic(self) -> bool:
        """Steps draw noise, but for the last."""
        return True

    def estimated(self, x: Tensor, clean: Tensor, here: NoiseLevel) -> Tensor:
        """The clean image."""
        del x, here
        return clean

    def weights(self, here: NoiseLevel, there: NoiseLevel, past: tuple[NoiseLevel, ...]) -> Weights:
        """The integral over the polynomial through the clean images, and the noise."""
        return sde_weights(here, there, past, self.solver, self.curve)


@lru_cache(maxsize=4096)
def sde_weights(here: NoiseLevel, there: NoiseLevel, past: tuple[NoiseLevel, ...], solver: str, curve: str) -> Weights:
    """Weights of a step of order ``1 + len(past)``."""
    h = apart(here, there)
    ratios = tuple(apart(older, newer) / h for older, newer in zip(past, (here, *past), strict=False))
    phi_1 = math.expm1(-2 * h)
    phi_2 = phi_1 / (2 * h) + 1
    slope = -phi_1 / 2 if solver == "midpoint" and len(past) == 1 else phi_2
    bend = (1 if curve == "exact" else 0.5) * (1 - phi_2 / h)
    on_said = on_estimates(-phi_1, slope, bend, ratios)
    on_x = there.sigma / here.sigma * math.exp(-h)
    return Weights(on_x, tuple(there.alpha * on for on in on_said), there.sigma * math.sqrt(-phi_1))
