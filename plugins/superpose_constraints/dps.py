r"""Diffusion posterior sampling (Chung et al. 2023, arXiv 2209.14687): down the slope of what is not explained yet.

After each step, whatever the scheduler has made of it,

.. math:: x_s \leftarrow x_s - \zeta\, \nabla_{x_t} \lVert y - A(D(x_t)) \rVert

That is the form of the program. Algorithm 1 of the paper has the gradient of the square, with
:math:`\zeta / \lVert y - A(D) \rVert` before it, which is twice as much. The norm is that of each sample: the program's
is one of the whole batch, so that its samples know of each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose import Denoiser, Observed, Rule, option
from superpose_constraints.steered import Steered, lengths, with_shift

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import BoundOperator, Canvas, Estimate, NoiseLevel

FORMS = ("code", "paper")


@attrs.frozen(kw_only=True)
class DPS(Observed):
    """Finds an image that explains what was observed, by gradients through the network: DPS.

    Takes any operator that torch can differentiate, linear or not, and needs no noise to be told. Made for `ddpm` with
    many steps. ``scale`` is to be tried out: too little leaves the observation unexplained, too much breaks the image.
    """

    kind = "dps"
    papers = ("arXiv 2209.14687",)
    needs = frozenset({"differentiable"})
    scale: float = option(1.0, doc="how far a step moves against what is not explained", gt=0)
    form: str = option("code", doc="code: the slope of the norm; paper: twice that, as algorithm 1", choices=FORMS)

    def bind(self, canvas: Canvas) -> Rule:
        """The files as tensors."""
        operator, observed = self.observation(canvas)
        return Slope(operator=operator, observed=observed, scale=self.scale * (2 if self.form == "paper" else 1))


@attrs.frozen(kw_only=True, eq=False)
class Slope(Rule):
    """DPS with its tensors at hand; for Python, where there are no files.

    Attributes:
        operator: A.
        observed: y, shape (1, *observed_shape).
        scale: How far a step moves along the slope of the norm.
    """

    kind = "dps"
    needs = frozenset({"differentiable"})
    operator: BoundOperator
    observed: Tensor
    scale: float = 1.0

    def wrap(self, denoiser: Denoiser) -> Denoiser:
        """The denoiser that moves the state besides."""
        return Sliding(denoiser, self.operator, self.observed, 0.0, self.scale)


@attrs.frozen(eq=False)
class Sliding(Steered):
    """A denoiser whose steps slide down the slope of what is not explained."""

    scale: float

    def steered(self, estimate: Estimate, x: Tensor, level: NoiseLevel) -> Estimate:
        """The displacement."""
        import torch

        del level
        distance = lengths(self.observed - self.operator.apply(estimate.clean)).sum()
        [slope] = torch.autograd.grad(distance, x)
        return with_shift(estimate, -self.scale * slope[:, : estimate.clean.shape[1]])
