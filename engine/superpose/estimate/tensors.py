"""The shapes of images, the numbers in them, and functions from tensors to tensors, as signatures name them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor

#: Channels, height and width (C, H, W) of one image or latent.
Shape = tuple[int, int, int]
#: A function from tensors (N, C, H, W) to tensors of the same number of rows, such as one side of a view.
Map = Callable[["Tensor"], "Tensor"]


def torch_dtype(dtype: str | torch.dtype) -> torch.dtype:
    """The dtype of torch that a recipe names, such as "bfloat16"."""
    import torch

    found: torch.dtype = getattr(torch, dtype) if isinstance(dtype, str) else dtype
    return found


def picture_shape(shape: Shape, state_shape: Shape, image_shape: Shape) -> Shape:
    """(C, H, W) of the picture of a state of ``shape``.

    Arguments:
        shape: (C, H, W) of the state.
        state_shape: Of another state.
        image_shape: Of its picture.
    """
    height, width = (a * b // c for a, b, c in zip(shape[1:], image_shape[1:], state_shape[1:], strict=True))
    return image_shape[0], height, width
