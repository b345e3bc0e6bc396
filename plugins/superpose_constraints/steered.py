r"""Base of the posterior samplers that differentiate through the network.

With the Jacobian J of the clean image D in the state x, :math:`J^\top v` is one walk back through the network. What a
method makes of it is a gradient of :math:`\log p(y | x)`, which moves the clean image by Tweedie's formula, or a
displacement of the state that a step has reached.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import attrs

from superpose import Denoiser, differentiable

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import BoundOperator, Estimate, Estimation, NoiseLevel

#: Signal up to which a state is all noise. A formula divides by the signal what a network says of it, and where there
#: is next to none a network that has learned is wrong by more than it says.
SIGNAL = 0.02
SIGNAL_DOC = (
    "levels with no more signal than that are not steered: what a network says there is wrong by more than it says"
)


@attrs.frozen(eq=False)
class Steered(Denoiser, ABC):
    """Base of the denoisers that know an observation.

    Attributes:
        inner: What the image shows.
        operator: A.
        observed: y, shape (1, *observed_shape).
        signal: Levels with no more signal are not steered: see `SIGNAL`.
    """

    inner: Denoiser
    operator: BoundOperator
    observed: Tensor
    signal: float

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Estimate with gradients on, then let the observation steer."""
        import torch

        if level.alpha <= self.signal:  # without a signal the state says nothing of what was observed
            return (yield from self.inner.estimate(x, level))
        x = x.detach().requires_grad_()
        estimate = yield from differentiable(self.inner.estimate(x, level))
        with torch.enable_grad():
            return self.steered(estimate, x, level)

    @abstractmethod
    def steered(self, estimate: Estimate, x: Tensor, level: NoiseLevel) -> Estimate:
        """The estimate with what the observation adds. Torch can differentiate its clean image by ``x``."""


def back(clean: Tensor, x: Tensor, v: Tensor, *, again: bool = False) -> Tensor:
    r""":math:`J^\top v`, shaped as the clean image; ``again`` where the way is walked once more."""
    import torch

    [gradient] = torch.autograd.grad(clean, x, v, retain_graph=again)
    return gradient[:, : clean.shape[1]]  # what is laid beside the state is not moved


def with_pull(estimate: Estimate, gradient: Tensor) -> Estimate:
    """The estimate with the gradient of one more log-probability."""
    before = estimate.guidance_gradient
    return estimate._replace(guidance_gradient=gradient if before is None else before + gradient)


def with_shift(estimate: Estimate, shift: Tensor) -> Estimate:
    """The estimate with one more displacement of the state."""
    before = estimate.displacement
    return estimate._replace(displacement=shift if before is None else before + shift)


def lengths(rows: Tensor) -> Tensor:
    """The length of each row by itself, shape (N, 1, 1, 1)."""
    import torch

    return torch.stack([row.norm() for row in rows]).view(-1, 1, 1, 1)


def products(one: Tensor, other: Tensor) -> Tensor:
    """The inner product of each pair of rows by itself, shape (N, 1, 1, 1)."""
    import torch

    return torch.stack([(a * b).sum() for a, b in zip(one, other, strict=True)]).view(-1, 1, 1, 1)
