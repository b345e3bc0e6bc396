r"""DPM-Solver++ (Lu et al. 2022, arXiv 2211.01095): multistep, on the clean image.

.. math:: x_s = \frac{\sigma_s}{\sigma_t} x_t + \alpha_s \int_0^h e^{u - h}\, m(\lambda_t + u)\, du
              = \frac{\sigma_s}{\sigma_t} x_t - \alpha_s I(-h)

with the integral I of `superpose_schedulers.dpm`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose_schedulers.dpm import DPM, Weights

if TYPE_CHECKING:
    from superpose import NoiseLevel


@attrs.frozen(kw_only=True)
class DPMpp(DPM):
    """DPM-Solver++, multistep: the usual choice for few steps; 15 to 25 of order 2 equal some 100 of DDIM."""

    kind = "dpmpp"
    papers = ("arXiv 2211.01095",)

    def weights(self, here: NoiseLevel, there: NoiseLevel, past: tuple[NoiseLevel, ...]) -> Weights:
        """The integral over the polynomial through the clean images."""
        on = self.integral(-1.0, here, there, past)
        return Weights(there.sigma / here.sigma, tuple(-there.alpha * each for each in on))
