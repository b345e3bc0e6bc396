"""Lengths of rows, which losses share: each by itself, so that no image's bits depend on those beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def lengths(rows: Tensor) -> Tensor:
    """The Euclidean length of each row, shape (N,)."""
    import torch

    return torch.stack([row.norm() for row in rows])
