r"""DPM-Solver (Lu et al. 2022, arXiv 2206.00927): multistep, on epsilon.

.. math:: x_s = \frac{\alpha_s}{\alpha_t} x_t - \sigma_s \int_0^h e^{h - u} \epsilon(\lambda_t + u)\, du
              = \frac{\alpha_s}{\alpha_t} x_t - \sigma_s I(h)

with the integral I of `superpose_schedulers.dpm`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose import noise_part
from superpose_schedulers.dpm import DPM, Weights

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import NoiseLevel


@attrs.frozen(kw_only=True)
class DPMSolver(DPM):
    """DPM-Solver, multistep, on epsilon: the elder of ``dpmpp``, which guidance and clipping suit better."""

    kind = "dpm-solver"
    papers = ("arXiv 2206.00927",)

    def estimated(self, x: Tensor, clean: Tensor, here: NoiseLevel) -> Tensor:
        r"""The noise :math:`\sigma_t \epsilon`."""
        return noise_part(x, clean, here)

    def weights(self, here: NoiseLevel, there: NoiseLevel, past: tuple[NoiseLevel, ...]) -> Weights:
        """The integral over the polynomial through the epsilons; what is remembered is sigma times each."""
        on = self.integral(1.0, here, there, past)
        on_noise = (-there.sigma * each / level.sigma for each, level in zip(on, (here, *past), strict=True))
        return Weights(there.alpha / here.alpha, tuple(on_noise))
