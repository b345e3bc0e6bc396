r"""Euler's method on a rectified flow (Liu et al. 2022, arXiv 2209.03003).

The flow is :math:`x_\sigma = (1 - \sigma) x_0 + \sigma\epsilon` with velocity :math:`u = \epsilon - x_0`, and a step is
:math:`x_s = x_t + (\sigma_s - \sigma_t) u`. With :math:`u = (x_t - x_0) / \sigma_t` this is
:math:`\frac{\sigma_s}{\sigma_t} x_t + (1 - \frac{\sigma_s}{\sigma_t}) x_0`, which is DDIM's step at
:math:`\alpha = 1 - \sigma`: the two kinds differ in their default grid alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import attrs

from superpose import GRIDS, Gridded, moved, option

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Denoise, Memory, NoiseLevel, StepNoise


@attrs.frozen(kw_only=True)
class FlowEuler(Gridded):
    """Euler's method on a rectified flow: DDIM's step on the even, shifted grid that flows are sampled with."""

    kind = "flow-euler"
    papers = ("arXiv 2209.03003", "arXiv 2403.03206")
    renoises = True
    order: ClassVar[int] = 1
    grid: str = option("flow", doc="time grid, by the name of its origin", choices=tuple(GRIDS))

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
        """Move along the straight line to the clean image."""
        del jumped
        estimate = denoise(x, here)
        return moved(x, estimate.clean, here, there, noise, renoise=estimate.renoise), state
