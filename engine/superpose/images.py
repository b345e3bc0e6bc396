"""Images in and out: files as tensors in [-1, 1], tensors as 8-bit pixels, with nothing lost on the way there and back.

Files come from strangers: their size is read from the header and judged before anything is decoded.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from superpose.errors import RecipeError

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch import Tensor

#: More pixels than this are not decoded.
LIMIT = 64 * 2**20
#: What files of these modes hold does not fit into 8 bits by any rule that we could choose for their owner.
_UNBOUNDED = ("F", "I")


def read_image(path: Path | str, shape: tuple[int, int, int], device: torch.device | str = "cpu") -> Tensor:
    """Read an image file.

    Transparency is laid over white, 16-bit grey is rounded to 8, other modes become RGB or grey as ``shape`` asks, and
    an orientation that a camera noted is followed.

    Arguments:
        path: The file, in any format that Pillow reads.
        shape: The (C, H, W) that it must have; C is 1 or 3.
        device: Where the tensor is put.

    Returns:
        Shape (C, H, W), float32, in [-1, 1]; `to_pixels` gives back exactly the file's 8-bit pixels.

    Raises:
        RecipeError: If there is no such file, or it is no image, or of another size, or too large.
    """
    import torch  # the module stays importable without torch

    channels, height, width = shape
    if channels not in (1, 3):
        raise RecipeError(f"{path}: the model works on {channels} channels (latents), and images have 1 or 3")
    pixels = _read(Path(path), "RGB" if channels == 3 else "L", (height, width))
    values = torch.from_numpy(pixels.astype(np.float32)).div_(127.5).sub_(1)
    return values.view(height, width, channels).permute(2, 0, 1).contiguous().to(device)


def read_mask(path: Path | str, size: tuple[int, int], device: torch.device | str = "cpu") -> Tensor:
    """Read a mask: shape (1, H, W), float32, 1 where the file is white and 0 where it is black; greys go to the nearer.

    Arguments:
        path: The file; transparency counts as white.
        size: The (H, W) that it must have.
        device: Where the tensor is put.

    Raises:
        RecipeError: As `read_image`.
    """
    import torch  # the module stays importable without torch

    pixels = _read(Path(path), "L", size)
    return torch.from_numpy((pixels >= 128).astype(np.float32)).unsqueeze(0).to(device)


def to_pixels(images: Tensor) -> NDArray[np.uint8]:
    """Images as 8-bit pixels.

    Arguments:
        images: Shape (N, C, H, W); -1 is black, 1 is white, what lies beyond is cut off.

    Returns:
        Shape (N, H, W, C).
    """
    pixels = images.detach().float().add(1).mul_(127.5).clamp_(0, 255).round_()
    array: NDArray[np.uint8] = pixels.permute(0, 2, 3, 1).cpu().numpy().astype(np.uint8)
    return array


def _read(path: Path, mode: str, size: tuple[int, int]) -> NDArray[np.uint8]:
    try:
        with warnings.catch_warnings():
            # Pillow warns of large images when it opens them; what is too large is refused below, by name.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                _refuse(path, image)
                image.load()
                pixels = np.asarray(_eight_bit(ImageOps.exif_transpose(image), mode))
    except RecipeError:
        raise
    except FileNotFoundError as error:
        raise RecipeError(f"{path}: no such file") from error
    except Image.DecompressionBombError as error:
        raise RecipeError(f"{path}: more than {LIMIT / 2**20:.0f} megapixels, which is not decoded") from error
    except Exception as error:  # a decoder that is fed a broken file may raise anything
        raise RecipeError(f"{path}: not a readable image: {_reason(error)}") from error
    if pixels.shape[:2] != size:
        raise RecipeError(
            f"{path}: is {pixels.shape[0]}x{pixels.shape[1]} (height x width), and the model's images are "
            f"{size[0]}x{size[1]}: scale or crop it to that size"
        )
    return pixels


def _refuse(path: Path, image: Image.Image) -> None:
    width, height = image.size
    if width * height > LIMIT:
        raise RecipeError(
            f"{path}: is {height}x{width} (height x width), more than {LIMIT / 2**20:.0f} megapixels, "
            "which is not decoded: scale it down"
        )
    if image.mode in _UNBOUNDED:
        raise RecipeError(f"{path}: holds numbers without a range (mode {image.mode}): save it as an 8-bit PNG")


def _eight_bit(image: Image.Image, mode: str) -> Image.Image:
    if image.mode.startswith("I;16"):
        deep: NDArray[Any] = np.asarray(image).astype(np.float64)
        image = Image.fromarray((deep / 257).round().astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB").convert(mode) if image.mode == "P" else image.convert(mode)


def _reason(error: Exception) -> str:
    """The error in a few words; Pillow says again which file it was, which we have said."""
    return "no known format" if isinstance(error, UnidentifiedImageError) else f"{error}" or type(error).__name__
