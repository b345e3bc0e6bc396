"""A matrix that mixes the channels of every pixel."""

from __future__ import annotations

from functools import cached_property

import attrs
import torch
from torch import Tensor

from superpose import LinearOperator, Shape, Spectrum


@attrs.frozen(eq=False)
class Channels(LinearOperator):
    """Every pixel, its channels mixed.

    Attributes:
        shape: (C, H, W) of an image.
        matrix: Shape (K, C).
    """

    shape: Shape
    matrix: Tensor

    @property
    def observed_shape(self) -> Shape:
        """(K, H, W)."""
        return len(self.matrix), *self.shape[1:]

    def apply(self, x: Tensor) -> Tensor:
        """The mixed channels."""
        return mixed(x, self.matrix)

    def adjoint(self, y: Tensor) -> Tensor:
        """Mixed by the transpose."""
        return mixed(y, self.matrix.T)

    @cached_property
    def spectrum(self) -> Spectrum:
        """That of the matrix, the same at every pixel."""
        left, values, right = torch.linalg.svd(self.matrix)
        count = self.shape[0]
        padded = torch.zeros(count).to(values)
        padded[: len(values)] = values * (values > values[0] * 1e-6)
        back = torch.zeros(count, len(left)).to(left)
        back[: len(values)] = left.T[: len(values)]
        back[padded == 0] = 0
        return Spectrum(
            padded[:, None, None].expand(self.shape),
            lambda x: mixed(x, right),
            lambda x: mixed(x, right.T),
            lambda y: mixed(y, back),
        )


def mixed(x: Tensor, matrix: Tensor) -> Tensor:
    """Channels mixed by sums, one product after another, so that no other image changes a bit."""
    weights: list[list[float]] = matrix.tolist()
    channels = x.unbind(1)
    return torch.stack(
        [sum((c * w for c, w in zip(channels, row, strict=True)), torch.zeros_like(channels[0])) for row in weights], 1
    )
