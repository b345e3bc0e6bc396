r"""Denoising diffusion implicit models (Song et al. 2021, arXiv 2010.02502, eq. 12).

.. math:: x_s = \alpha_s x_0 + \sqrt{\sigma_s^2 - \eta^2 \tilde\beta}\; \frac{x_t - \alpha_t x_0}{\sigma_t}
          + \eta \sqrt{\tilde\beta}\, z

The noise in :math:`x_t` is read off the clean image as it is after clipping, as in guided-diffusion; diffusers does so
only with ``use_clipped_model_output``, and is another sampler without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose import Gridded, moved, option

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Denoise, Memory, NoiseLevel, StepNoise


@attrs.frozen(kw_only=True)
class DDIM(Gridded):
    """Denoising diffusion implicit models: first order along the probability flow, or with noise as eta says."""

    kind = "ddim"
    papers = ("arXiv 2010.02502",)
    renoises = True
    eta: float = option(0.0, doc="noise of a step, relative to DDPM's posterior: 0 none, 1 all of it", ge=0, le=1)

    @property
    def stochastic(self) -> bool:
        """True where steps draw noise: with eta."""
        return self.eta > 0

    @property
    def order(self) -> int:
        """1 along the flow; 0 with noise."""
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
        """Move to ``there``; noise is asked only with eta, and not at the clean end."""
        del jumped
        estimate = denoise(x, here)
        return moved(x, estimate.clean, here, there, noise, self.eta, estimate.renoise), state
