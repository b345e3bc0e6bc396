"""A matrix of all pixels, for what has no structure of its own."""

from __future__ import annotations

import math
from functools import cached_property

import attrs
import torch
from torch import Tensor

from superpose import LinearOperator, Shape, Spectrum
from superpose_operators.bound.rows import each
from superpose_operators.bound.separable import ROUNDING

#: Numbers that are observed, at most, for singular values to be computed of a matrix: they take seconds.
LARGEST = 1024


@attrs.frozen(eq=False)
class Dense(LinearOperator):
    """Images as rows of numbers, times a matrix.

    Attributes:
        shape: (C, H, W) of an image.
        observed_shape: (K, h, w) of what is observed.
        matrix: Shape (K h w, C H W).
    """

    shape: Shape
    observed_shape: Shape
    matrix: Tensor

    @classmethod
    def of(cls, operator: LinearOperator, device: torch.device | str, dtype: torch.dtype) -> Dense:
        """The matrix of an operator, found by its adjoint of every number that is observed."""
        count = math.prod(operator.observed_shape)
        rows = operator.adjoint(torch.eye(count, device=device, dtype=dtype).view(count, *operator.observed_shape))
        return cls(operator.shape, operator.observed_shape, rows.flatten(1))

    def apply(self, x: Tensor) -> Tensor:
        """The product."""
        return _times(self.matrix, x, self.observed_shape)

    def adjoint(self, y: Tensor) -> Tensor:
        """That with the transpose."""
        return _times(self.matrix.T, y, self.shape)

    @cached_property
    def spectrum(self) -> Spectrum | None:
        """The matrix's own; None of one with more than `LARGEST` rows."""
        if len(self.matrix) > LARGEST:
            return None
        left, found, first = torch.linalg.svd(self.matrix, full_matrices=False)
        values, back = found.new_zeros(self.matrix.shape[1]), left.new_zeros(self.matrix.shape[1], len(left))
        values[: len(found)] = found * (found > found[0] * ROUNDING)
        back[: len(found)] = left.T[: len(found)]
        back[values == 0] = 0
        basis = Basis.of(first)
        return Spectrum(
            values.view(self.shape),
            lambda x: each(basis.coordinates, x),
            lambda x: each(basis.image, x),
            lambda y: _times(back, y, self.shape),
        )


@attrs.frozen(eq=False)
class Basis:
    """All directions of an image, of which the first are given: products of reflections, as LAPACK keeps them.

    A matrix of all would have as many rows and columns as an image has numbers.

    Attributes:
        reflections: The Householder vectors below the diagonal, shape (C H W, K).
        lengths: A factor of each, shape (K,).
        signs: 1, or -1 where the reflections turn a direction around, shape (K,).
    """

    reflections: Tensor
    lengths: Tensor
    signs: Tensor

    @classmethod
    def of(cls, first: Tensor) -> Basis:
        """The basis that begins with orthonormal rows, shape (K, C H W)."""
        reflections, lengths = torch.geqrf(first.T)
        return cls(reflections, lengths, reflections.diagonal().sign())

    def coordinates(self, image: Tensor) -> Tensor:
        """How much of each direction is in one image, as an image."""
        return self._signed(self._turned(image, back=True))

    def image(self, coordinates: Tensor) -> Tensor:
        """The image with these coordinates."""
        return self._turned(self._signed(coordinates), back=False)

    def _turned(self, one: Tensor, *, back: bool) -> Tensor:
        column = one.reshape(-1, 1).to(self.reflections)
        return torch.ormqr(self.reflections, self.lengths, column, transpose=back).view(one.shape).to(one)

    def _signed(self, one: Tensor) -> Tensor:
        flat, count = one.flatten(), len(self.signs)
        return torch.cat((flat[:count] * self.signs.to(one), flat[count:])).view(one.shape)


def _times(matrix: Tensor, x: Tensor, shape: Shape) -> Tensor:
    weights = matrix.to(x)
    return each(lambda row: (weights @ row.flatten()).view(shape), x)
