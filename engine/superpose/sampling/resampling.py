r"""Resampling of weighted particles: systematic, keyed by one uniform a swarm, and without a look at any value.

Of K particles with normalised weights :math:`W_k`, the points :math:`(u + i) / K` fall into their cumulative sum, so
that each has :math:`\lfloor K W_k \rfloor` or one more children. The effective sample size is
:math:`1 / \sum_k W_k^2`. Nothing here reads a tensor, so no device has to wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def effective_sizes(log_weights: Tensor) -> Tensor:
    """Effective sample size of each swarm, (N,), of ``log_weights`` (N, K); NaN where no particle has a weight."""
    return 1 / log_weights.softmax(1).square().sum(1)


def systematic(log_weights: Tensor, uniform: Tensor) -> Tensor:
    """Ancestors (N, K) of the particles after resampling.

    Arguments:
        log_weights: Of each particle, up to a constant of its swarm, (N, K).
        uniform: One number in [0, 1) a swarm, (N,).
    """
    import torch

    size = log_weights.shape[1]
    places = torch.arange(size, device=log_weights.device, dtype=log_weights.dtype)
    return _fallen(log_weights, (uniform.to(log_weights)[:, None] + places) / size)


def drawn(log_weights: Tensor, uniform: Tensor) -> Tensor:
    """One particle of each swarm, (N,), drawn by weight."""
    return _fallen(log_weights, uniform.to(log_weights)[:, None])[:, 0]


def _fallen(log_weights: Tensor, points: Tensor) -> Tensor:
    """The particles into whose share of the cumulative weights ``points`` fall."""
    import torch

    shares = log_weights.softmax(1).cumsum(1)
    # What rounding leaves above the last sum, and what is no number, is still a particle: an index is always in range.
    return torch.searchsorted(shares / shares[:, -1:], points, right=True).clamp(max=log_weights.shape[1] - 1)
