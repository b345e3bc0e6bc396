r"""Euler ancestral (k-diffusion's ``sample_euler_ancestral``): down the flow too far, then noise back up.

In the ratio :math:`r = \sigma / \alpha`, with :math:`r_\uparrow^2 = \eta^2 r_s^2 (r_t^2 - r_s^2) / r_t^2` and
:math:`r_\downarrow^2 = r_s^2 - r_\uparrow^2`: an Euler step from :math:`r_t` to :math:`r_\downarrow`, then
:math:`r_\uparrow z` is added. Multiplied by :math:`\alpha_s` these are DDIM's weights, and at eta 1 those of DDPM's
posterior: the kinds differ in their defaults, and in clipping nothing.
"""

from __future__ import annotations

import attrs

from superpose import option
from superpose_schedulers.first_order import FirstOrder


@attrs.frozen(kw_only=True)
class EulerAncestral(FirstOrder):
    """Euler's method with fresh noise at every step, as in k-diffusion and diffusers; no noise on the final image."""

    kind = "euler-ancestral"
    papers = ("arXiv 2010.02502", "arXiv 2206.00364")
    eta: float = option(1.0, doc="share of fresh noise; 0 is euler", ge=0, le=1)
