"""Semantic maps: pictures whose pixels are the numbers of classes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from superpose.errors import RecipeError
from superpose.media.images import decoded

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from PIL import Image
    from torch import Tensor

#: Of what `read_image` reads, the formats that lose no number.
_LOSSLESS = ("PNG", "BMP")


def read_class_map(path: Path | str, size: tuple[int, int], classes: int, device: torch.device | str = "cpu") -> Tensor:
    """Read a semantic map: the number of a class at each pixel.

    Arguments:
        path: A PNG or BMP file whose numbers are those of its palette, or its greys (of 8 or 16 bits).
        size: The (H, W) that it must have.
        classes: How many there are; they are numbered from 0.
        device: Where the tensor is put.

    Returns:
        Shape (H, W), int64.

    Raises:
        RecipeError: As `read_image`; and if the file has colours in place of numbers, or a number of no class.
    """
    import torch  # the module stays importable without torch

    numbers = decoded(Path(path), size, lambda image: _numbers(Path(path), image), formats=_LOSSLESS, deep=True)
    if (most := int(numbers.max())) >= classes:
        raise RecipeError(
            f"{path}: has the class number {most}, and the model knows the classes 0 to {classes - 1}: "
            "write the number of a class at each pixel, numbered as in training"
        )
    return torch.from_numpy(numbers.astype(np.int64)).to(device)


def _numbers(path: Path, image: Image.Image) -> NDArray[Any]:
    if image.mode not in ("P", "L") and not image.mode.startswith("I;16"):
        raise RecipeError(
            f"{path}: is a picture of colours (mode {image.mode}), and a semantic map has the number of a class at "
            "each pixel: save it as a PNG with a palette, or as a grey one whose values are the numbers"
        )
    return np.asarray(image)
