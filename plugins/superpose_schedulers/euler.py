r"""Euler's method along the probability flow (Karras et al. 2022, arXiv 2206.00364, algorithms 1 and 2).

In :math:`y = x / \alpha` and the ratio :math:`r = \sigma / \alpha` the flow is :math:`dy/dr = \epsilon`, so a step is
:math:`y_s = y_t + (r_s - r_t)\,\epsilon`: DDIM's. Churn adds noise up to :math:`\hat r = (1 + \gamma) r_t` first,

.. math:: y_s = y_t + \sqrt{\hat r^2 - r_t^2}\, z + (r_s - \hat r)\,\epsilon, \qquad
          \gamma = \min(\mathrm{churn} / n, \sqrt 2 - 1) \text{ where } r_{\min} \le r_t \le r_{\max}

with epsilon asked at :math:`(y_t, r_t)`, before the noise: Euler-Maruyama, and what diffusers does. EDM and k-diffusion
ask again at the raised level; both have the same limit, and this one asks no level off the plan.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

import attrs

from superpose import combine, option
from superpose_schedulers.first_order import FirstOrder

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Denoise, Memory, Move, NoiseLevel, StepNoise


@attrs.frozen(kw_only=True)
class Euler(FirstOrder):
    """Euler's method along the probability flow, with churn where it is asked for."""

    kind = "euler"
    papers = ("arXiv 2206.00364",)
    eta: ClassVar[float] = 0.0  # of DDIM's noise; churn is another
    s_churn: float = option(0.0, doc="noise added and removed in the whole run; 0 adds none", ge=0)
    s_tmin: float = option(0.0, doc="least noise-to-signal ratio that is churned", ge=0)
    s_tmax: float | None = option(None, doc="largest noise-to-signal ratio that is churned; unset: no limit", ge=0)
    s_noise: float = option(1.0, doc="standard deviation of the churned noise; EDM makes it a little over 1", ge=0)

    @property
    def stochastic(self) -> bool:
        """True where steps draw noise: with churn."""
        return self.s_churn > 0

    def move(self, here: NoiseLevel, there: NoiseLevel, *, says_variance: bool = False) -> Move | None:
        """Euler's weights; None where there is churn, which raises the level first."""
        return super().move(here, there, says_variance=says_variance) if self._gamma(here, there) == 0 else None

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
        """Step along the flow; noise is asked only where there is churn."""
        gamma = self._gamma(here, there)
        if gamma == 0:
            return super().step(denoise, x, here, there, state, noise, jumped)
        estimate = denoise(x, here)
        clean, off = estimate.clean, estimate.clean if estimate.renoise is None else estimate.renoise
        raised = here.ratio * (1 + gamma)
        slope = there.alpha * (there.ratio - raised) / here.sigma  # of x, through epsilon
        fresh = there.alpha * self.s_noise * math.sqrt(raised**2 - here.ratio**2)
        on_x = there.alpha / here.alpha + slope
        x = combine((on_x, x), (-slope * here.alpha, off), (fresh, noise()))
        return x if off is clean else x.add_(clean - off, alpha=there.alpha), state

    def _gamma(self, here: NoiseLevel, there: NoiseLevel) -> float:
        # No churn into the clean end, where it would stay on the image, nor from pure noise, which has no ratio.
        if self.s_churn == 0 or there.sigma == 0 or here.alpha == 0 or here.ratio < self.s_tmin:
            return 0.0
        if self.s_tmax is not None and here.ratio > self.s_tmax:
            return 0.0
        return min(self.s_churn / self.planned, math.sqrt(2) - 1)
