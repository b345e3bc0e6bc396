r"""Euler ancestral (k-diffusion's ``sample_euler_ancestral``): down the flow too far, then noise back up.

In the ratio :math:`r = \sigma / \alpha`, with :math:`r_\uparrow^2 = \eta^2 r_s^2 (r_t^2 - r_s^2) / r_t^2` and
:math:`r_\downarrow^2 = r_s^2 - r_\uparrow^2`: an Euler step from :math:`r_t` to :math:`r_\downarrow`, then
:math:`r_\uparrow z` is added. Multiplied by :math:`\alpha_s` these are DDIM's weights, and at eta 1 those of DDPM's
posterior: the kinds differ in their defaults, and in clipping nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose import Gridded, moved, option

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Denoise, Memory, NoiseLevel, StepNoise


@attrs.frozen(kw_only=True)
class EulerAncestral(Gridded):
    """Euler's method with fresh noise at every step, as in k-diffusion and diffusers; no noise on the final image."""

    kind = "euler-ancestral"
    papers = ("arXiv 2010.02502", "arXiv 2206.00364")
    renoises = True
    eta: float = option(1.0, doc="share of fresh noise; 0 is euler", ge=0, le=1)

    @property
    def stochastic(self) -> bool:
        """True where steps draw noise: with eta above 0."""
        return self.eta > 0

    @property
    def order(self) -> int:
        """1 along the flow; 0 with fresh noise."""
        return 0 if self.stochastic else 1

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
        """Move down the flow and add noise up to the level asked for."""
        del jumped
        estimate = denoise(x, here)
        return moved(x, estimate.clean, here, there, noise, self.eta, estimate.renoise), state
