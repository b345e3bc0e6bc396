r"""Moment matching posterior sampling (MMPS, Rozet et al. 2024, arXiv 2405.13712).

The images that a state may come from have the covariance :math:`\gamma J`, with :math:`\gamma = \sigma^2 / \alpha` and
the Jacobian J of the clean image D: that is exact. If they were normal, what was observed would say

.. math:: \nabla_x \log p(y | x) = J^\top A^\top v, \qquad (s_y^2 I + \gamma A J A^\top)\, v = y - A D

and v is found by some steps of conjugate gradients, each a walk back through the network. J is symmetric for an exact
network, so that :math:`J^\top` stands for it. What is walked of each direction is a part of the gradient as well, which
therefore takes no walk of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose import Denoiser, Observed, Rule, option
from superpose_constraints.steered import SIGNAL, SIGNAL_DOC, Steered, back, products, with_pull

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from superpose import Canvas, Estimate, LinearOperator, NoiseLevel


#: Without noise the equations need not have a solution.
NOISY = "standard deviation of the noise, where images are in [-1, 1]; 8-bit pixels alone have 0.002"


@attrs.frozen(kw_only=True)
class MMPS(Observed):
    """Finds an image that explains what was observed, by what the network itself says of its uncertainty: MMPS.

    For linear operators, with some noise. The nearest to the exact posterior of those that take gradients, and the
    dearest: every iteration is a walk back through the network. The clean image must not be clipped (`clip`
    none), or the uncertainty is wrong where it is.
    """

    kind = "mmps"
    papers = ("arXiv 2405.13712",)
    needs = frozenset({"differentiable"})
    linear = True
    noise: float = option(doc=NOISY, gt=0)
    iterations: int = option(3, doc="steps of conjugate gradients, each a walk back through the network", ge=1, le=100)
    signal: float = option(SIGNAL, doc=SIGNAL_DOC, ge=0, lt=1)

    def bind(self, canvas: Canvas) -> Rule:
        """The files as tensors."""
        operator, observed = self.linear_observation(canvas)
        return Matched(
            operator=operator,
            observed=observed,
            noise=self.noise,
            iterations=self.iterations,
            signal=self.signal,
        )


@attrs.frozen(kw_only=True, eq=False)
class Matched(Rule):
    """MMPS with its tensors at hand; for Python, where there are no files.

    Attributes:
        operator: A.
        observed: y, shape (1, *observed_shape).
        noise: :math:`s_y`, more than 0.
        iterations: Steps of conjugate gradients.
        signal: Levels with no more signal are not steered.
    """

    kind = "mmps"
    needs = frozenset({"differentiable"})
    operator: LinearOperator
    observed: Tensor
    noise: float
    iterations: int = 3
    signal: float = SIGNAL

    def wrap(self, denoiser: Denoiser) -> Denoiser:
        """The denoiser that knows the observation."""
        return MatchedDenoiser(denoiser, self.operator, self.observed, self.signal, self)


@attrs.frozen(eq=False)
class MatchedDenoiser(Steered):
    """A denoiser with the gradient of what was observed."""

    rule: Matched

    def steered(self, estimate: Estimate, x: Tensor, level: NoiseLevel) -> Estimate:
        """The gradient."""
        clean, gain, operator = estimate.clean, level.sigma**2 / level.alpha, self.rule.operator

        def covariance(v: Tensor) -> tuple[Tensor, Tensor]:
            walked = back(clean, x, operator.adjoint(v), again=True)
            return v * self.rule.noise**2 + operator.apply(walked) * gain, walked

        residual = self.observed - operator.apply(clean.detach())
        return with_pull(estimate, solved(covariance, residual.detach(), self.rule.iterations, self.rule.noise**2))


def solved(matrix: Callable[[Tensor], tuple[Tensor, Tensor]], wanted: Tensor, iterations: int, least: float) -> Tensor:
    """A linear map of what solves ``matrix`` x = ``wanted``, row by row, after steps of conjugate gradients from 0.

    Arguments:
        matrix: Gives its product with a direction, and the map of that. Symmetric, with eigenvalues of at least
            ``least``: along a direction in which it has less, as that of a network may that has not learned to be
            symmetric, nothing is found.
        wanted: Shape (N, C, H, W).
        iterations: Steps.
        least: Least eigenvalue.
    """
    import torch

    total, left, way = wanted.new_zeros(()), wanted, wanted
    length = products(left, left)
    for _ in range(iterations):
        seen, mapped = matrix(way)
        curve = products(way, seen)
        sound = curve > 0.5 * least * products(way, way)
        far = torch.where(sound, length / curve.where(sound, torch.ones_like(curve)), 0.0)
        total, left = total + far * mapped, left - far * seen
        before, length = length, products(left, left)
        way = left + length / before.clamp(min=1e-30) * way
    return total
