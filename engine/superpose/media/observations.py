"""What was observed of an image, in files: pictures, which are 8-bit pixels, or numbers as they are."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from superpose.errors import RecipeError
from superpose.media.arrays import read_array
from superpose.media.images import read_image, read_picture, to_pixels
from superpose.media.writing import replacing

if TYPE_CHECKING:
    import torch
    from torch import Tensor

#: Files of numbers; all others are pictures.
ARRAYS = (".npy", ".safetensors")


def read_observation(path: Path | str, shape: tuple[int, int, int], device: torch.device | str = "cpu") -> Tensor:
    """Read what was observed.

    Arguments:
        path: A picture, or a ``.npy`` file, or a ``.safetensors`` file with one tensor in it.
        shape: The (C, H, W) that it must have; a file of numbers may leave out lengths of 1.
        device: Where the tensor is put.

    Returns:
        Shape (C, H, W), float32; of a picture in [-1, 1].

    Raises:
        RecipeError: If it can't be read, or has another shape.
    """
    import torch  # the module stays importable without torch

    path, wanted = Path(path), "x".join(map(str, shape))
    if path.suffix in ARRAYS:
        array = read_array(path)
        if [size for size in array.shape if size != 1] != [size for size in shape if size != 1]:
            got = "x".join(map(str, array.shape))
            raise RecipeError(
                f"{path}: has shape {got}, and what the operator observes of an image has {wanted}: give one of that "
                "shape, or the options that it was made with"
            )
        return torch.from_numpy(array).to(torch.float32).view(shape).to(device)
    if shape[0] not in (1, 3):
        raise RecipeError(f"{path}: what the operator observes, {wanted}, is no picture: give a .npy or .safetensors")
    height, width, _ = read_picture(path).shape
    if (height, width) != shape[1:]:
        raise RecipeError(
            f"{path}: is {height}x{width} (height x width), and what the operator observes of an image is "
            f"{shape[1]}x{shape[2]}: give one of that size, or the options that it was made with"
        )
    return read_image(path, shape, device)


def write_observation(observed: Tensor, path: Path) -> float:
    """Write what was observed, (C, H, W), whole or not at all.

    Returns:
        The share of its values that a picture can't show, and that were cut off; 0 for a file of numbers.

    Raises:
        RecipeError: If the name is not of a file that it can be written to.
        RunError: If the file can't be written.
    """
    import numpy as np
    from PIL import Image

    if path.suffix == ".npy":
        with replacing(path) as draft, draft.open("wb") as file:
            np.save(file, observed.cpu().numpy())
        return 0.0
    if path.suffix != ".png" or observed.shape[0] not in (1, 3):
        shape = "x".join(map(str, observed.shape))
        known = "a .png or .npy file" if observed.shape[0] in (1, 3) else f"a .npy file: {shape} is no picture"
        raise RecipeError(f"{path}: write {known}")
    [pixels] = to_pixels(observed[None])
    with replacing(path) as draft:
        Image.fromarray(pixels if len(observed) == 3 else pixels[..., 0]).save(draft, "PNG")
    return float((observed.abs() > 1 + 1e-6).sum()) / math.prod(observed.shape)
