r"""Predictor-corrector sampling (Song et al. 2020, arXiv 2011.13456, algorithms 1, 4 and 5).

Before each move, Langevin steps at its level draw the state towards the distribution there:

.. math:: x \leftarrow x + \delta\, s(x) + \sqrt{2 \delta}\, z, \qquad
          s = \frac{\alpha_t x_0 - x}{\sigma_t^2}, \qquad \delta = 2 k^2 \Big(\rho \frac{\|z\|}{\|s\|}\Big)^2

with :math:`k = \alpha_t / \alpha_s` (1 for exploding variance) and :math:`\rho` the signal-to-noise ratio of a step.
Norms are those of each sample (the original takes their mean over the batch, which couples samples). Of a few values
they say nothing: one number's score is often next to 0, and the step would have no end. There they are what they are
expected to be, :math:`\sqrt{N}` of noise and :math:`\sqrt{N} / \sigma_t` of the score. The move is DDPM's
posterior ("ancestral"), or with :math:`\beta = \sigma_t^2 - k^2 \sigma_s^2` the reversed diffusion

.. math:: x_s = (2 - k) x_t + \beta s(x_t) + \sqrt\beta z

A Langevin step of finite size is biased: where the score is that of a Gaussian the variance comes out too large by
:math:`1 / (1 - k^2 \rho^2)`, 2.6% at 0.16.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

from superpose import Gridded, added_variance, combine, moved, noise_part, option

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Denoise, Memory, NoiseLevel, StepNoise

#: Keeps a score of exactly zero from making an infinite step.
LEAST_NORM = 1e-12
#: Values of a sample below which its norms are too uncertain to make a step by.
FEW = 16


@attrs.frozen(kw_only=True)
class Langevin(Gridded):
    """Predictor-corrector: an ancestral move a step, and Langevin steps that repair what it gets wrong."""

    kind = "langevin"
    papers = ("arXiv 2011.13456",)
    corrections: int = option(1, doc="Langevin steps before each move; 0 leaves the predictor alone", ge=0)
    snr: float = option(0.16, doc="signal-to-noise ratio of a Langevin step", gt=0, lt=1)
    predictor: str = option("ancestral", doc="the move", choices=("ancestral", "reverse-diffusion"))

    @property
    def stochastic(self) -> bool:
        """Steps always draw noise."""
        return True

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
        """Correct at ``here``, then move; to the clean end the move is the clean image."""
        del jumped
        keep = here.alpha / there.alpha
        for i in range(self.corrections if here.alpha > 0 else 0):  # pure noise needs no correction
            x = self._corrected(x, denoise(x, here).clean, here, keep, noise(f"correction {i}"))
        clean = denoise(x, here).clean
        if self.predictor == "ancestral" or there.sigma == 0:
            return moved(x, clean, here, there, noise, 1.0), state
        beta = added_variance(here, there)
        on_score = beta / here.sigma**2
        terms = (2 - keep - on_score, x), (on_score * here.alpha, clean), (math.sqrt(beta), noise())
        return combine(*terms), state

    def _corrected(self, x: Tensor, clean: Tensor, here: NoiseLevel, keep: float, z: Tensor) -> Tensor:
        import torch

        # The score is -seen / sigma ** 2. Norms stay on the device, one for each sample.
        seen, each = noise_part(x, clean, here), (1, 2, 3)
        size = torch.linalg.vector_norm(seen, dim=each, keepdim=True).clamp_min_(LEAST_NORM)
        ratio = torch.linalg.vector_norm(z, dim=each, keepdim=True).div_(size)
        if x[0].numel() < FEW:
            ratio = torch.full_like(ratio, 1 / here.sigma)
        reach = keep * self.snr * here.sigma
        drift = x.addcmul(seen, ratio.square(), value=-2 * reach * reach)
        return drift.addcmul_(z, ratio, value=2 * reach * here.sigma)
