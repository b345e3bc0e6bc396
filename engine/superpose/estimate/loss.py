r"""Losses: how far a clean image is from what is wanted of it, one number an image.

A constraint that is guided by one takes :math:`-L(x_0)` for the logarithm of a probability, up to a constant. A loss
knows nothing of noise levels: whoever guides asks it of clean images, as networks estimate them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, final

from superpose.estimate.blame import article, blamed
from superpose.kinds.kind import Kind

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from superpose.estimate.problem import Problem
    from superpose.estimate.tensors import Shape


class Loss(Kind, ABC):
    """What is wanted of an image, as a recipe says it. Kinds are frozen attrs classes."""

    role: ClassVar[str] = "loss"

    @abstractmethod
    def bind(self, shape: Shape, device: torch.device | str = "cpu") -> BoundLoss:
        """The loss of images of ``shape`` (C, H, W): with files read, as tensors on ``device``."""

    def problems(self, shape: Shape) -> Iterable[Problem]:
        """Problems of judging images of that size (C, H, W) so; none where they can be."""
        del shape
        return ()

    @final
    def bound_to(self, shape: Shape, device: torch.device | str = "cpu") -> BoundLoss:
        """Loss that `bind` gives.

        Raises:
            PluginError: If that is none.
        """
        bound: object = self.bind(shape, device)
        if not isinstance(bound, BoundLoss):
            blamed(self, "bind", f"returns {article(bound)}, and must return a superpose.BoundLoss")
        return bound


class BoundLoss(ABC):
    """A loss of images of one size, which torch can differentiate."""

    @abstractmethod
    def of(self, x: Tensor) -> Tensor:
        """The loss of each of clean images ``x``, shape (N, C, H, W): (N,), each of its image alone."""
