"""Blurs that act along rows and columns, with a choice of what lies beyond the edge."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import attrs
import numpy as np

from superpose import Operator, option

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from superpose import LinearOperator, Shape

BORDERS = ("mirror", "zero", "around")


@attrs.frozen(kw_only=True)
class Blur(Operator, ABC):
    """Base of the blurs by a kernel that is a product of one along rows and one along columns."""

    border: str = option(
        "mirror", doc="beyond the edge: the image mirrored at its last pixel, grey, or its other side", choices=BORDERS
    )

    @abstractmethod
    def kernel(self) -> NDArray[np.float64]:
        """An odd number of weights, which sum to 1."""

    def bind(self, shape: Shape, device: torch.device | str = "cpu") -> LinearOperator:
        """The matrices for rows and columns."""
        from superpose_operators.bound.separable import Separable
        from superpose_operators.tensors import on_device

        rows, columns = (on_device(convolution(self.kernel(), size, self.border), device) for size in shape[1:])
        return Separable(shape, rows, columns)


@attrs.frozen(kw_only=True)
class GaussianBlur(Blur):
    """The image out of focus, by a Gaussian that ends four deviations away."""

    kind = "gaussian-blur"
    sigma: float = option(1.0, doc="standard deviation, in pixels", gt=0, le=100)

    def kernel(self) -> NDArray[np.float64]:
        """The Gaussian."""
        reach = math.ceil(4 * self.sigma)
        weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / self.sigma) ** 2)
        return np.asarray(weights / weights.sum())


@attrs.frozen(kw_only=True)
class UniformBlur(Blur):
    """Every pixel the mean of those around it."""

    kind = "uniform-blur"
    size: int = option(3, doc="height and width of what is averaged, in pixels; odd", ge=1, le=255)

    def __attrs_post_init__(self) -> None:
        """Refuse a square without a middle."""
        if self.size % 2 == 0:
            raise ValueError(f"size must be odd, so that a pixel is in the middle; got {self.size}")

    def kernel(self) -> NDArray[np.float64]:
        """Equal weights."""
        return np.full(self.size, 1 / self.size)


def convolution(kernel: NDArray[np.float64], size: int, border: str) -> NDArray[np.float64]:
    """The matrix (size, size) that convolves ``size`` values with a symmetric kernel of odd length."""
    reach = len(kernel) // 2
    places = np.arange(size)[:, None] + np.arange(-reach, reach + 1)
    weights = np.broadcast_to(kernel, places.shape)
    if border == "around":
        places = places % size
    elif border == "mirror":
        period = max(2 * (size - 1), 1)
        places = places % period
        places = np.where(places < size, places, period - places)
    else:
        inside = (places >= 0) & (places < size)
        places, weights = np.where(inside, places, 0), np.where(inside, weights, 0.0)
    matrix = np.zeros((size, size))
    np.add.at(matrix, (np.arange(size)[:, None], places), weights)
    return matrix
