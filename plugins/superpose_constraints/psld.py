r"""Posterior sampling with latent diffusion (PSLD, Rout et al. 2023, arXiv 2307.00455).

With the decoder D and the encoder E of the pictures, and the clean latent :math:`\hat z` that the network sees in
:math:`z_t`, after each step

.. math:: z_s \leftarrow z_s - \nabla_{z_t} \Big( \zeta\, \lVert y - A(D(\hat z)) \rVert + \gamma\, \lVert \hat z -
          E\big(D(\hat z) + A^+ (y - A(D(\hat z)))\big) \rVert \Big)

The first term is that of `dps`. Many latents have a picture that explains what was observed; the second term wants one
that its own picture, with what was observed put in, is encoded as. The norms are those of each sample: the program's
are of a whole batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose import Denoiser, LinearOperator, Observed, Rule, option
from superpose_constraints.steered import Steered, lengths, with_shift

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Canvas, Estimate, NoiseLevel, NoisePredictor


@attrs.frozen(kw_only=True)
class PSLD(Observed):
    """Finds a picture that explains what was observed, with a model that paints latents: PSLD.

    By gradients through the network and its decoder and encoder. Made for `ddpm` with many steps, or `ddim` with
    ``eta = 1``. The operator acts on pictures; it is linear, and its singular values are known.
    """

    kind = "psld"
    papers = ("arXiv 2307.00455",)
    needs = frozenset({"differentiable"})
    linear = True
    spectral = True
    latent = True
    scale: float = option(1.0, doc="zeta: how far a step moves against what is not explained", gt=0)
    gluing: float = option(0.1, doc="gamma: how far it moves towards latents that are those of their pictures", ge=0)

    def bind(self, canvas: Canvas) -> Rule:
        """The files as tensors."""
        operator, observed = self.linear_observation(canvas)
        return Glued(
            operator=operator, observed=observed, predictor=canvas.predictor, scale=self.scale, gluing=self.gluing
        )


@attrs.frozen(kw_only=True, eq=False)
class Glued(Rule):
    """PSLD with its tensors at hand; for Python, where there are no files.

    Attributes:
        operator: A, of pictures, with a spectrum.
        observed: y, shape (1, *observed_shape).
        predictor: Decodes and encodes pictures; None where states are pictures.
        scale: How far a step moves along the slope of what is not explained.
        gluing: And along that of the distance of a latent from the one that its picture is encoded as.
    """

    kind = "psld"
    needs = frozenset({"differentiable"})
    operator: LinearOperator
    observed: Tensor
    predictor: NoisePredictor | None = None
    scale: float = 1.0
    gluing: float = 0.1

    def wrap(self, denoiser: Denoiser) -> Denoiser:
        """The denoiser that moves the state besides."""
        return Sliding(denoiser, self.operator, self.observed, 0.0, self)


@attrs.frozen(eq=False)
class Sliding(Steered):
    """A denoiser whose steps slide down both slopes."""

    rule: Glued

    def steered(self, estimate: Estimate, x: Tensor, level: NoiseLevel) -> Estimate:
        """The displacement."""
        import torch

        del level
        rule, clean = self.rule, estimate.clean
        picture = clean if rule.predictor is None else rule.predictor.decode(clean)
        missing = rule.observed - rule.operator.apply(picture)
        far = rule.scale * lengths(missing)
        if rule.gluing:
            put_in = picture + rule.operator.pseudo_inverse(missing)
            again = put_in if rule.predictor is None else rule.predictor.encode(put_in)
            far = far + rule.gluing * lengths(clean - again)
        [slope] = torch.autograd.grad(far.sum(), x)
        return with_shift(estimate, -slope[:, : clean.shape[1]])
