r"""Euler's method on a rectified flow (Liu et al. 2022, arXiv 2209.03003).

The flow is :math:`x_\sigma = (1 - \sigma) x_0 + \sigma\epsilon` with velocity :math:`u = \epsilon - x_0`, and a step is
:math:`x_s = x_t + (\sigma_s - \sigma_t) u`. With :math:`u = (x_t - x_0) / \sigma_t` this is
:math:`\frac{\sigma_s}{\sigma_t} x_t + (1 - \frac{\sigma_s}{\sigma_t}) x_0`, which is DDIM's step at
:math:`\alpha = 1 - \sigma`: the two kinds differ in their default grid alone.
"""

from __future__ import annotations

from typing import ClassVar

import attrs

from superpose import GRIDS, option
from superpose_schedulers.first_order import FirstOrder


@attrs.frozen(kw_only=True)
class FlowEuler(FirstOrder):
    """Euler's method on a rectified flow: DDIM's step on the even, shifted grid that flows are sampled with."""

    kind = "flow-euler"
    papers = ("arXiv 2209.03003", "arXiv 2403.03206")
    eta: ClassVar[float] = 0.0
    grid: str = option("flow", doc="time grid, by the name of its origin", choices=tuple(GRIDS))
