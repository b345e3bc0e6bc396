r"""Langevin's dynamics for a normal image with an observation, :math:`N(x; c, r^2 I)\, N(y; A(x), s_y^2 I)`.

.. math:: x \leftarrow x - \eta\, \nabla \Big( \tfrac{\lVert x - c \rVert^2}{2 r^2}
          + \tfrac{\lVert y - A(x) \rVert^2}{2 s_y^2} \Big) + \sqrt{2 \eta}\, z

The step :math:`\eta` is a share of :math:`(1 / r^2 + \lambda / s_y^2)^{-1}`, with :math:`\lambda` the largest squared
singular value of A's derivative, which some power iterations find: no fixed one is right for every operator and noise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from superpose_constraints.steered import lengths

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import BoundOperator, StepNoise

#: Least noise that is taken: without any, no step would be small enough.
LEAST = 0.01
#: Share of the largest step that does not diverge by itself, which is twice the inverse of the curvature.
RATE = 0.2
POWER = 6


def drawn_by_langevin(
    operator: BoundOperator,
    observed: Tensor,
    noise: float,
    centre: Tensor,
    spread: float,
    steps: int,
    draws: StepNoise,
) -> Tensor:
    """A draw, from ``centre`` on.

    Arguments:
        operator: A, which torch can differentiate.
        observed: y, shape (1, *observed_shape).
        noise: :math:`s_y`; no less than `LEAST` is taken.
        centre: c, shape (N, C, H, W).
        spread: r, more than 0.
        steps: Steps of the dynamics.
        draws: Noise: a purpose of its own for each step.

    Returns:
        Shaped as ``centre``.
    """
    import torch

    variance = max(noise, LEAST) ** 2
    curvature = 1 / spread**2 + steepest(operator, centre, draws("power")) / variance
    rate, x = RATE / curvature, centre
    for step in range(steps):
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            unexplained = (observed - operator.apply(x)).square().sum() / (2 * variance)
            [slope] = torch.autograd.grad(unexplained, x)
        x = x.detach() - rate * (slope + (x.detach() - centre) / spread**2)
        x = x + (2 * rate).sqrt() * draws(f"langevin {step}")
    return x


def steepest(operator: BoundOperator, x: Tensor, v: Tensor) -> Tensor:
    """The largest squared singular value of the operator's derivative at each of ``x``, shape (N, 1, 1, 1).

    Arguments:
        operator: A.
        x: Shape (N, C, H, W).
        v: Where power iterations start: noise, shaped as ``x``.
    """
    import torch

    for _ in range(POWER):
        v = v / lengths(v).clamp(min=1e-30)
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            seen = operator.apply(x)
            # The derivative along v is the derivative of the walk back, which is linear in where it starts.
            u = torch.zeros_like(seen, requires_grad=True)
            [back] = torch.autograd.grad(seen, x, u, create_graph=True)
            [along] = torch.autograd.grad(back, u, v, retain_graph=True)
            [v] = torch.autograd.grad(seen, x, along)
    return lengths(v)
