r"""Operators: what is observed of an image, :math:`y = A(x_0) + s_y n`.

Whoever observes says what the noise is; the operator is the map alone. A linear one has an adjoint, and where its
singular values are known (`Spectrum`) everything else is a formula:

.. math:: A^+ y = V \Sigma^+ U^\top y, \qquad
          A^\top (A A^\top + d I)^{-1} y = V \Sigma (\Sigma^2 + d)^{-1} U^\top y
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, final

import attrs

from superpose.estimate.blame import article, blamed
from superpose.kinds.kind import Kind

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from superpose.estimate.problem import Problem
    from superpose.estimate.tensors import Map, Shape


class Operator(Kind, ABC):
    """What is observed of an image, as a recipe says it. Kinds are frozen attrs classes."""

    role: ClassVar[str] = "operator"

    @property
    def linear(self) -> bool:
        """True where what it is bound to is a `LinearOperator`."""
        return True

    @abstractmethod
    def bind(self, shape: Shape, device: torch.device | str = "cpu") -> BoundOperator:
        """The operator on images of ``shape`` (C, H, W): with files read, as tensors on ``device``."""

    def problems(self, shape: Shape) -> Iterable[Problem]:
        """Problems of observing images of that size (C, H, W) so; none where they can be."""
        del shape
        return ()

    @final
    def bound_to(self, shape: Shape, device: torch.device | str = "cpu") -> BoundOperator:
        """Operator that `bind` gives.

        Raises:
            PluginError: If that is none.
        """
        bound: object = self.bind(shape, device)
        if not isinstance(bound, BoundOperator):
            blamed(self, "bind", f"returns {article(bound)}, and must return a superpose.BoundOperator")
        return bound


class BoundOperator(ABC):
    """An operator on images of one size, which torch can differentiate.

    Attributes:
        shape: (C, H, W) of an image.
        observed_shape: (C, H, W) of what is observed of one.
    """

    @property
    @abstractmethod
    def shape(self) -> Shape:
        """(C, H, W) of an image."""

    @property
    @abstractmethod
    def observed_shape(self) -> Shape:
        """(C, H, W) of what is observed of one."""

    @abstractmethod
    def apply(self, x: Tensor) -> Tensor:
        """What is observed of images ``x``, shape (N, *shape): a new tensor (N, *observed_shape), row for row."""

    def within(self, y: Tensor) -> Tensor:
        """The part of observations that images can explain: what lies in the range; all of it where that is unknown."""
        return y


@attrs.frozen(eq=False)
class Spectrum:
    r"""The singular values of a linear operator, :math:`A = U \Sigma V^\top`, in coordinates of images.

    Attributes:
        values: :math:`\Sigma`, from 0, where nothing is observed; shape (C, H, W), as an image.
        coordinates: :math:`V^\top`, of images (N, C, H, W), as such; orthonormal.
        image: V, its inverse.
        observed: :math:`U^\top`, of observations, as coordinates of images; 0 where nothing is observed.
    """

    values: Tensor
    coordinates: Map
    image: Map
    observed: Map


class LinearOperator(BoundOperator, ABC):
    """A linear operator on images of one size."""

    def adjoint(self, y: Tensor) -> Tensor:
        r""":math:`A^\top` of observations (N, *observed_shape): found by torch; override it where it is simpler."""
        import torch

        x = y.new_zeros((len(y), *self.shape)).requires_grad_()
        with torch.enable_grad():
            [image] = torch.autograd.grad(self.apply(x), x, y)
        return image

    @property
    def spectrum(self) -> Spectrum | None:
        """Its singular values; None where they are not known."""
        return None

    def within(self, y: Tensor) -> Tensor:
        """The part of observations in the range; all of it where no spectrum is known."""
        return y if self.spectrum is None else self.apply(self.pseudo_inverse(y))

    @final
    def pseudo_inverse(self, y: Tensor) -> Tensor:
        """The least images that explain observations best. For one with a spectrum."""
        return self.damped(y, 0.0)

    @final
    def damped(self, y: Tensor, damping: float) -> Tensor:
        r""":math:`A^\top (A A^\top + d I)^{-1} y`. For one with a spectrum.

        Arguments:
            y: Observations (N, *observed_shape), or what is left of them to explain.
            damping: d, from 0, where it is the pseudo-inverse.
        """
        known = self.spectrum
        if known is None:
            raise NotImplementedError(f"{type(self).__name__} has no spectrum")
        return known.image(known.observed(y) * damped_inverse(known.values.to(y.dtype), damping))


def damped_inverse(values: Tensor, damping: float) -> Tensor:
    r""":math:`s / (s^2 + d)` of singular values, and 0 where they are 0."""
    import torch

    seen = values > 0
    return torch.where(seen, values / (values.square() + damping).where(seen, torch.ones_like(values)), 0.0)
