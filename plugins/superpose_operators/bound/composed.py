"""Operators one after the other, on images of one size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

import attrs
import torch
from torch import Tensor

from superpose import BoundOperator, LinearOperator, Shape, Spectrum
from superpose_operators.bound.dense import LARGEST, Dense
from superpose_operators.bound.rows import exact


def composed(operators: Sequence[BoundOperator], device: torch.device | str) -> BoundOperator:
    """The operators as one, a linear one where all are."""
    linear = [operator for operator in operators if isinstance(operator, LinearOperator)]
    return Composed(tuple(operators)) if len(linear) < len(operators) else LinearlyComposed(tuple(linear), device)


@attrs.frozen(eq=False)
class Composed(BoundOperator):
    """Operators in a row, the first that acts first."""

    operators: tuple[BoundOperator, ...]

    @property
    def shape(self) -> Shape:
        """That of the first."""
        return self.operators[0].shape

    @property
    def observed_shape(self) -> Shape:
        """That of the last."""
        return self.operators[-1].observed_shape

    def apply(self, x: Tensor) -> Tensor:
        """One after the other."""
        for operator in self.operators:
            x = operator.apply(x)
        return x

    def within(self, y: Tensor) -> Tensor:
        """As far as the last one knows."""
        return self.operators[-1].within(y)


@attrs.frozen(eq=False)
class LinearlyComposed(LinearOperator):
    """Linear operators in a row, the first that acts first; on ``device``."""

    operators: tuple[LinearOperator, ...]
    device: torch.device | str

    @property
    def shape(self) -> Shape:
        """That of the first."""
        return self.operators[0].shape

    @property
    def observed_shape(self) -> Shape:
        """That of the last."""
        return self.operators[-1].observed_shape

    def apply(self, x: Tensor) -> Tensor:
        """One after the other."""
        for operator in self.operators:
            x = operator.apply(x)
        return x

    def adjoint(self, y: Tensor) -> Tensor:
        """The adjoints, the last one first."""
        for operator in reversed(self.operators):
            y = operator.adjoint(y)
        return y

    def within(self, y: Tensor) -> Tensor:
        """The part in the range; as far as the last one knows, where no spectrum is known."""
        return super().within(y) if self.spectrum is not None else self.operators[-1].within(y)

    @cached_property
    def spectrum(self) -> Spectrum | None:
        """That of the matrix, where it is small enough."""
        if len(self.operators) == 1:
            return self.operators[0].spectrum
        if math.prod(self.observed_shape) > LARGEST:
            return None
        return Dense.of(self, self.device, exact(self.device)).spectrum
