r"""Denoising diffusion models for plug-and-play restoration (DiffPIR, Zhu et al. 2023, arXiv 2305.08995).

Each step finds the image that is near the network's and explains what was observed, each as much as it is trusted,

.. math:: \hat x_0 = \arg\min_x \lVert y - A x \rVert^2 + \lambda \frac{s_y^2}{\rho^2} \lVert x - D \rVert^2
          = D + A^\top \big(A A^\top + \lambda s_y^2 / \rho^2\big)^{-1} (y - A D), \qquad \rho = \sigma_t / \alpha_t

and goes on from it with a share :math:`\zeta` of fresh noise,

.. math:: x_s = \alpha_s \hat x_0 + \sigma_s \big( \sqrt{1 - \zeta}\, \epsilon + \sqrt{\zeta}\, z \big),
          \qquad \epsilon = (x_t - \alpha_t \hat x_0) / \sigma_t

The program ends a step too early, at the noise of the last level but one; here the last step goes to the clean image.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

from superpose import Observed, Rule, noise_part, option

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Canvas, Denoise, LinearOperator, NoiseLevel, StepNoise


@attrs.frozen(kw_only=True)
class DiffPIR(Observed):
    """Weighs at every step what was observed against what the network says: DiffPIR.

    For linear operators whose singular values are known; told the noise it is at home with some. It makes the steps
    itself; of the scheduler the levels count. 20 to 100 of them are enough.
    """

    kind = "diffpir"
    papers = ("arXiv 2305.08995",)
    linear = True
    spectral = True
    trust: float = option(7.0, doc="lambda: how much the network is trusted beside the observation", gt=0)
    fresh: float = option(0.3, doc="zeta: share of fresh noise in every step, by variance", ge=0, le=1)

    def bind(self, canvas: Canvas) -> Rule:
        """The files as tensors."""
        operator, observed = self.linear_observation(canvas)
        return Weighed(operator=operator, observed=observed, noise=self.noise, trust=self.trust, fresh=self.fresh)


@attrs.frozen(kw_only=True, eq=False)
class Weighed(Rule):
    r"""DiffPIR with its tensors at hand; for Python, where there are no files.

    Attributes:
        operator: A, with a spectrum.
        observed: y, shape (1, *observed_shape).
        noise: :math:`s_y`; without any the observation is put in as it is.
        trust: :math:`\lambda`.
        fresh: :math:`\zeta`.
    """

    kind = "diffpir"
    operator: LinearOperator
    observed: Tensor
    noise: float = 0.0
    trust: float = 7.0
    fresh: float = 0.3

    def move(self, denoise: Denoise, x: Tensor, here: NoiseLevel, there: NoiseLevel, noise: StepNoise) -> Tensor:
        """A step from the image that explains both."""
        clean = self.explained(denoise(x, here).clean, here)
        if there.sigma == 0:
            return clean * there.alpha
        own = noise_part(x, clean, here) * (math.sqrt(1 - self.fresh) * there.sigma / here.sigma)
        moved = own.add_(clean, alpha=there.alpha)
        return moved.add_(noise(), alpha=there.sigma * math.sqrt(self.fresh)) if self.fresh else moved

    def explained(self, clean: Tensor, here: NoiseLevel) -> Tensor:
        """The image near ``clean`` that explains what was observed, each as much as it is trusted."""
        residual = self.observed.to(clean) - self.operator.apply(clean)
        return clean + self.operator.damped(residual, self.trust * (self.noise / here.ratio) ** 2)
