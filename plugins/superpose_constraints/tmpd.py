r"""Tweedie moment projected diffusions (TMPD, Boys et al. 2024, arXiv 2310.06721).

As MMPS, with the covariance :math:`\gamma A J A^\top` of what is seen of the clean image replaced by the sums of its
rows,

.. math:: \nabla_x \log p(y | x) = J^\top A^\top \frac{y - A D}{s_y^2 + \gamma A J A^\top 1}

so that no equations are left to be solved: two walks back through the network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose import Denoiser, Observed, Rule, option
from superpose_constraints.mmps import NOISY
from superpose_constraints.steered import SIGNAL, SIGNAL_DOC, Steered, back, with_pull

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Canvas, Estimate, LinearOperator, NoiseLevel


@attrs.frozen(kw_only=True)
class TMPD(Observed):
    """Finds an image that explains what was observed, by one number a pixel for the network's uncertainty: TMPD.

    For linear operators that see one pixel, or a mean, at a time, with some noise: masks above all. Two walks back
    through the network a step. The clean image must not be clipped (`clip` none), or the uncertainty is wrong.
    """

    kind = "tmpd"
    papers = ("arXiv 2310.06721",)
    needs = frozenset({"differentiable"})
    linear = True
    noise: float = option(doc=NOISY, gt=0)
    signal: float = option(SIGNAL, doc=SIGNAL_DOC, ge=0, lt=1)

    def bind(self, canvas: Canvas) -> Rule:
        """The files as tensors."""
        operator, observed = self.linear_observation(canvas)
        return Projected(operator=operator, observed=observed, noise=self.noise, signal=self.signal)


@attrs.frozen(kw_only=True, eq=False)
class Projected(Rule):
    """TMPD with its tensors at hand; for Python, where there are no files.

    Attributes:
        operator: A.
        observed: y, shape (1, *observed_shape).
        noise: :math:`s_y`, more than 0.
        signal: Levels with no more signal are not steered.
    """

    kind = "tmpd"
    needs = frozenset({"differentiable"})
    operator: LinearOperator
    observed: Tensor
    noise: float
    signal: float = SIGNAL

    def wrap(self, denoiser: Denoiser) -> Denoiser:
        """The denoiser that knows the observation."""
        return ProjectedDenoiser(denoiser, self.operator, self.observed, self.signal, self)


@attrs.frozen(eq=False)
class ProjectedDenoiser(Steered):
    """A denoiser with the gradient of what was observed."""

    rule: Projected

    def steered(self, estimate: Estimate, x: Tensor, level: NoiseLevel) -> Estimate:
        """The gradient."""
        clean, gain, operator = estimate.clean, level.sigma**2 / level.alpha, self.rule.operator
        residual = self.observed - operator.apply(clean.detach())
        rows = operator.apply(back(clean, x, operator.adjoint(residual * 0 + 1), again=True))
        spread = self.rule.noise**2 + gain * rows
        return with_pull(estimate, back(clean, x, operator.adjoint(residual / spread)))
