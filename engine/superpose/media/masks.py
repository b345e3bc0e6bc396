"""Masks: which places of an image are painted anew, white, and which are kept, black.

A file that can't mean that is refused: a mistaken mask gives the input back, or loses it, without a word.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from superpose.errors import RecipeError
from superpose.media.fit import EXACT
from superpose.media.images import fitted, read_picture

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from PIL import Image
    from torch import Tensor

    from superpose.media.fit import Fit

#: Channels of a grey pixel differ by no more than this; JPEG moves them a little.
_GREY = 32


def read_mask(
    path: Path | str,
    size: tuple[int, int],
    device: torch.device | str = "cpu",
    *,
    soft: bool = False,
    fit: Fit | None = None,
    of: Path | None = None,
) -> Tensor:
    """Read a mask: 1 where the file is white, painted anew, and 0 where it is black, kept.

    Arguments:
        path: A file of one of the formats that `read_image` reads, grey and without transparency.
        size: The (H, W) that it must have.
        device: Where the tensor is put.
        soft: Greys are shares between 0 and 1; they are refused when False.
        fit: What to do where it has another size, as of `read_image`. A soft mask is averaged then, another one takes
            the nearest values; a border is white.
        of: The image that it is a mask of, and is fitted with: it must have the size of that, or ``size``.

    Returns:
        Shape (1, H, W), float32, in [0, 1].

    Raises:
        RecipeError: As `read_image`; and if the mask has colours or transparent places, says nothing (it is one value
            throughout, or nowhere lighter than mid-grey, as one of the values 0 and 1 is), is grey and may not be, or
            would be fitted otherwise than its image.
    """
    import torch  # the module stays importable without torch

    path = Path(path)
    if fit is not None and fit.how != EXACT and of is not None:
        _alike(path, of, size)
    values = fitted(path, size, lambda image: _grey(path, image, soft), fit, "box" if soft else "nearest")
    if why := _meaningless(values):  # which a small mask may be that was not
        raise RecipeError(f"{path}: as it is fitted, {why}")
    return torch.from_numpy(values.astype(np.float32)).div_(255).unsqueeze(0).to(device)


def _alike(path: Path, image: Path, size: tuple[int, int]) -> None:
    """Refuse a mask that lies elsewhere on the canvas than its image."""
    mine, its = (read_picture(each).shape[:2] for each in (path, image))
    if mine not in (its, size):
        sizes = " and ".join(f"{height}x{width}" for height, width in (mine, its))
        raise RecipeError(
            f"{path}: this mask and its image {image.name} are {sizes} (height x width), and would be fitted "
            f"differently: give it the size of the image, or that of the model's images, {size[0]}x{size[1]}"
        )


def _grey(path: Path, image: Image.Image, soft: bool) -> Image.Image:
    pixels = np.asarray(image.convert("RGBA"))
    if (pixels[..., 3] < 255).any():
        raise RecipeError(
            f"{path}: this mask has transparent places, which are neither black nor white: "
            "flatten it, so that white is painted anew and black is kept"
        )
    colours = pixels[..., :3]
    if int((colours.max(-1) - colours.min(-1)).max()) > _GREY:
        raise RecipeError(
            f"{path}: this mask has colours; a mask is grey: white is painted anew and black is kept "
            "(are image and mask in each other's place?)"
        )
    grey = image.convert("RGB").convert("L")
    values = np.asarray(grey)
    if why := _meaningless(values) or ("" if soft else _soft(values)):
        raise RecipeError(f"{path}: {why}")
    return grey


def _meaningless(values: NDArray[np.uint8]) -> str:
    low, high = int(values.min()), int(values.max())
    if high < 128:
        return (
            f"this mask is nowhere lighter than {high} of 255, so that nothing would be painted anew: "
            "white, 255, is painted anew; if it was saved with the values 0 and 1, multiply them by 255"
        )
    if low == high != 255:
        return f"this mask is {low} of 255 throughout: make white what is painted anew, and black what is kept"
    return ""


def _soft(values: NDArray[np.uint8]) -> str:
    grey = int(((values > 0) & (values < 255)).sum())
    if not grey:
        return ""
    return (
        f"{grey} of this mask's {values.size} places are grey, and here a mask is black or white: make it so, "
        "and save it as PNG (JPEG leaves greys)"
    )
