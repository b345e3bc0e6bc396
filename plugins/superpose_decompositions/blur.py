r"""Gaussian blur with mirrored borders: separable, linear, the same at every size.

It is written as shifted additions. Matrix products and convolutions choose their order of summation by the number of
images, and so change a sample's last bits with the company it keeps (seen with batched products at 9x9).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from superpose import Picture

#: The height at which sigmas and lengths are in pixels.
UNIT = 64
#: How many standard deviations the kernel reaches: what lies beyond is 6e-7 of it, less than float32 can show.
REACH = 5


def blurred(x: Tensor, sigma: float) -> Tensor:
    """Images ``x``, shape (..., H, W), blurred with standard deviation ``sigma`` in pixels: a new tensor."""
    weights = kernel(sigma)
    for dimension in (-1, -2):
        x = convolved(x, dimension, weights)
    return x


@lru_cache(maxsize=64)
def kernel(sigma: float) -> tuple[float, ...]:
    """The right half of the kernel, its middle first; the whole sums to one."""
    radius = math.ceil(REACH * sigma)
    half = [math.exp(-0.5 * (k / sigma) ** 2) for k in range(radius + 1)]
    whole = 2 * math.fsum(half) - half[0]
    return tuple(weight / whole for weight in half)


def convolved(x: Tensor, dimension: int, weights: tuple[float, ...]) -> Tensor:
    """``x`` convolved along one dimension with a symmetric kernel of which ``weights`` is the right half."""
    size, radius = x.shape[dimension], len(weights) - 1
    padded = x.index_select(dimension, _mirrored(size, radius, x.device))
    total = padded.narrow(dimension, radius, size) * weights[0]
    for k, weight in enumerate(weights[1:], start=1):
        pair = padded.narrow(dimension, radius - k, size) + padded.narrow(dimension, radius + k, size)
        total.add_(pair, alpha=weight)
    return total


def convolved_picture(image: Picture, axis: int, weights: tuple[float, ...]) -> Picture:
    """The same of a picture, without torch."""
    size, radius = image.shape[axis], len(weights) - 1
    folded = np.arange(-radius, size + radius) % max(2 * (size - 1), 1)
    padded = np.moveaxis(image.take(np.where(folded < size, folded, 2 * (size - 1) - folded), axis), axis, -1)
    whole = (*weights[:0:-1], *weights)
    total = sum(padded[..., k : k + size] * weight for k, weight in enumerate(whole))
    return np.moveaxis(np.asarray(total), -1, axis)


@lru_cache(maxsize=64)
def _mirrored(size: int, radius: int, device: torch.device) -> Tensor:
    """Places from -radius to size + radius, mirrored at the first and the last one until they lie in the image."""
    import torch  # plugins import no torch until they are used

    period = max(2 * (size - 1), 1)
    folded = torch.arange(-radius, size + radius, device=device).remainder(period)
    return torch.where(folded < size, folded, period - folded)
