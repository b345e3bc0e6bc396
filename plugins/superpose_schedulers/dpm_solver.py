r"""DPM-Solver (Lu et al. 2022, arXiv 2206.00927): multistep, on epsilon.

.. math:: x_s = \frac{\alpha_s}{\alpha_t} x_t - \sigma_s \int_0^h e^{h - u} \epsilon(\lambda_t + u)\, du

integrated exactly for a polynomial, with :math:`\phi_1 = e^h - 1`: weight :math:`-\sigma_s \phi_1` for the value,
:math:`-\sigma_s \phi_2 = -\sigma_s (\phi_1 / h - 1)` for the slope ("heun"; "midpoint" takes
:math:`-\sigma_s \phi_1 / 2`).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import attrs

from superpose import apart, noise_part, option
from superpose_schedulers.dpm import DPM, Weights, on_estimates
from superpose_schedulers.dpmpp import SOLVERS

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import NoiseLevel


@attrs.frozen(kw_only=True)
class DPMSolver(DPM):
    """DPM-Solver, multistep, on epsilon: the elder of ``dpmpp``, which guidance and clipping suit better."""

    kind = "dpm-solver"
    papers = ("arXiv 2206.00927",)
    solver: str = option("midpoint", doc="how the second order weighs the slope", choices=SOLVERS)

    def estimated(self, x: Tensor, clean: Tensor, here: NoiseLevel) -> Tensor:
        r"""The noise :math:`\sigma_t \epsilon`."""
        return noise_part(x, clean, here)

    def weights(self, here: NoiseLevel, there: NoiseLevel, past: tuple[NoiseLevel, ...]) -> Weights:
        """The integral over the polynomial through the epsilons."""
        return epsilon_weights(here, there, past, self.solver, self.curve)


@lru_cache(maxsize=4096)
def epsilon_weights(
    here: NoiseLevel, there: NoiseLevel, past: tuple[NoiseLevel, ...], solver: str, curve: str
) -> Weights:
    """Weights of a step of order ``1 + len(past)``."""
    h = apart(here, there)
    ratios = tuple(apart(older, newer) / h for older, newer in zip(past, (here, *past), strict=False))
    phi_1 = math.expm1(h)
    phi_2 = phi_1 / h - 1
    slope = phi_1 / 2 if solver == "midpoint" and len(past) == 1 else phi_2
    bend = (1 if curve == "exact" else 0.5) * (2 * phi_2 / h - 1)
    on_said = on_estimates(phi_1, slope, bend, ratios)
    on_noise = (-there.sigma * on / level.sigma for on, level in zip(on_said, (here, *past), strict=True))
    return Weights(there.alpha / here.alpha, tuple(on_noise))
