"""Doing a thing to one image after another: products and transforms of many at once may sum in another order."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def each(change: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """``change`` of every row, whose bits do not depend on the rows beside it."""
    return torch.stack([change(row) for row in x])


def exact(device: torch.device | str) -> torch.dtype:
    """Precision in which operators keep their numbers: MPS has no float64."""
    return torch.float32 if torch.device(device).type == "mps" else torch.float64
