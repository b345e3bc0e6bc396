r"""Feynman-Kac correctors (arXiv 2503.02819): samples of the product of densities whose scores are mixed.

Guidance, views and compositions move by :math:`\sum_i b_i \nabla \log q_i`, the score of :math:`\prod_i q_i^{b_i}` at
each noise level. Noise does not commute with products, so that the end is not drawn from the product of the densities
of clean images. Particles weighed by

.. math:: \log W \leftarrow \log W - \frac{1}{2} \Big(\frac{\alpha_s^2}{\sigma_s^2} - \frac{\alpha_t^2}{\sigma_t^2}\Big)
          V_t, \qquad V_t = \sum_i b_i \| D_i - D \|^2

are, for many of them and small steps. It is what is left of the Fokker-Planck equations of all :math:`q_i` and of the
mix when the divergences have cancelled, whatever the noise of the steps. From step to step it is exact where each
branch is sure of its image: the ratio of :math:`\prod_i p_i(x_s | x_t)^{b_i}` to the step that was made does not depend
on :math:`x_s`. The authors' weights, :math:`\frac{1}{2} (\rho_t^2 - \rho_s^2) V_t / \rho_t^4` with
:math:`\rho = \sigma / \alpha`, have the same limit and larger errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs

from superpose import Potential, Resampled, option

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Context, Reading, Transition


@attrs.frozen(kw_only=True)
class FeynmanKac(Resampled):
    r"""Corrects guidance, views and compositions, so that images are drawn from the product of densities they mean.

    ``cfg`` of scale w then draws from :math:`q_+^w q_-^{1-w}`, two views from :math:`\sqrt{q_1 q_2}` of clean images.
    Weights come from how far the branches disagree, which is known already: no network is asked besides. What has no
    densities is refused: parts of an image, guidance that depends on the images it combines, constraints.

    In images weights grow with the number of values: where one particle soon has all, ``scale`` lowers them, and images
    are drawn from between the mix and the product. A clip is not seen by the weights.
    """

    kind = "feynman-kac"
    papers = ("arXiv 2503.02819",)
    processes = frozenset({"gaussian"})
    reads_dispersion = True
    scale: float = option(1.0, doc="share of the correction in the weights: 0 is none, 1 all of it", ge=0)

    def bind(self, context: Context, readings: Sequence[Reading]) -> Potential:
        """The potential, which needs nothing."""
        del context, readings
        return Corrector(self.scale)


@attrs.frozen(eq=False)
class Corrector(Potential):
    """The weights of a Feynman-Kac corrector.

    Attributes:
        scale: Share of the correction.
    """

    scale: float = 1.0

    def weigh(self, made: Transition, memory: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The dispersion, as much as the step has lowered the noise; the step to the clean end weighs nothing."""
        dispersion = made.estimate.dispersion
        if dispersion is None or made.there.sigma == 0:
            return made.after.new_zeros(len(made.after)), memory
        here, there = ((level.alpha / level.sigma) ** 2 for level in (made.here, made.there))
        return dispersion * (self.scale * (here - there) / 2), memory
