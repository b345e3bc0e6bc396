r"""Denoising diffusion implicit models (Song et al. 2021, arXiv 2010.02502, eq. 12).

.. math:: x_s = \alpha_s x_0 + \sqrt{\sigma_s^2 - \eta^2 \tilde\beta}\; \frac{x_t - \alpha_t x_0}{\sigma_t}
          + \eta \sqrt{\tilde\beta}\, z

The noise in :math:`x_t` is read off the clean image as it is after clipping, as in guided-diffusion; diffusers does so
only with ``use_clipped_model_output``, and is another sampler without it.
"""

from __future__ import annotations

import attrs

from superpose import option
from superpose_schedulers.first_order import FirstOrder


@attrs.frozen(kw_only=True)
class DDIM(FirstOrder):
    """Denoising diffusion implicit models: first order along the probability flow, or with noise as eta says."""

    kind = "ddim"
    papers = ("arXiv 2010.02502",)
    eta: float = option(0.0, doc="noise of a step, relative to DDPM's posterior: 0 none, 1 all of it", ge=0, le=1)
