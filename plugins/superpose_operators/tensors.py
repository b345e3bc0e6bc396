"""Arrays of the operators as tensors, in the precision that a device has."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray
    from torch import Tensor


def on_device(array: NDArray[np.float64], device: torch.device | str) -> Tensor:
    """An array on ``device``, in float64 where it knows that."""
    import torch

    from superpose_operators.bound.rows import exact

    return torch.from_numpy(array).to(device, exact(device))
