"""Images in and out: files as tensors in [-1, 1], tensors as 8-bit pixels, with nothing lost on the way there and back.

Files come from strangers. Only regular files are read, up to a size; their format is told by their content and is one
of `FORMATS`; their width and height are read from the header and judged before anything is decoded, so that a file
never takes more memory than the picture that was asked for.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from superpose.errors import RecipeError
from superpose.media.files import read_bytes
from superpose.media.fit import EXACT, Fit
from superpose.terminal import printable

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch import Tensor

#: What is read. Pillow knows more; some of those readers start other programs, or allocate what a file asks for.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
#: Bytes of a file, at most, and pixels of a picture that may have any size.
FILE_LIMIT, PIXEL_LIMIT = 64 * 2**20, 2**24

Pixels = Callable[[Image.Image], "NDArray[Any]"]


def read_image(
    path: Path | str, shape: tuple[int, int, int], device: torch.device | str = "cpu", fit: Fit | None = None
) -> Tensor:
    """Read an image file.

    Transparency is laid over white, 16-bit grey is rounded to 8 (16-bit colours are refused), other modes become RGB or
    grey as ``shape`` asks, and an orientation that a camera noted is followed.

    Arguments:
        path: A PNG, JPEG, WebP, GIF or BMP file, whatever its name says; of several frames the first is read.
        shape: The (C, H, W) that it must have; C is 1 or 3.
        device: Where the tensor is put.
        fit: What to do where it has another size; it is refused when not given.

    Returns:
        Shape (C, H, W), float32, in [-1, 1]; `to_pixels` gives back exactly the file's 8-bit pixels, or as fitted.

    Raises:
        RecipeError: If there is no such file, or it is no image of these formats, or of another size.
    """
    import torch  # the module stays importable without torch

    channels, height, width = shape
    if channels not in (1, 3):
        raise RecipeError(f"{path}: the model works on {channels} channels (latents), and images have 1 or 3")
    mode = "RGB" if channels == 3 else "L"
    pixels = fitted(Path(path), (height, width), lambda image: _converted(image, mode), fit)
    values = torch.from_numpy(pixels.astype(np.float32)).div_(127.5).sub_(1)
    return values.view(height, width, channels).permute(2, 0, 1).contiguous().to(device)


def read_picture(path: Path | str, size: tuple[int, int] | None = None, fit: Fit | None = None) -> NDArray[np.uint8]:
    """Read an image file of whatever size, such as a map of regions.

    Arguments:
        path: As of `read_image`.
        size: The (H, W) that it must have; None for any.
        fit: As of `read_image`.

    Returns:
        Its 8-bit pixels, shape (H, W, 3); transparency is laid over white.

    Raises:
        RecipeError: If there is no such file, or it is no image of the formats of `read_image`, or has more than 16
            million pixels.
    """
    if size is None:
        return decoded(Path(path), None, lambda image: np.asarray(_converted(image, "RGB")))
    return fitted(Path(path), size, lambda image: _converted(image, "RGB"), fit)


def to_pixels(images: Tensor) -> NDArray[np.uint8]:
    """Images as 8-bit pixels.

    Arguments:
        images: Shape (N, C, H, W); -1 is black, 1 is white, what lies beyond is cut off.

    Returns:
        Shape (N, H, W, C).
    """
    return pixels_of(images)()


def pixels_of(images: Tensor) -> Callable[[], NDArray[np.uint8]]:
    """Have images made 8-bit pixels where they are; gives what waits for them to arrive, in whichever thread.

    A CUDA device is not waited for before that: it goes on with what it is given next.
    """
    import torch  # the module stays importable without torch

    scaled = images.detach().float().add(1).mul_(127.5).clamp_(0, 255).round_()
    pixels = scaled.permute(0, 2, 3, 1).to(torch.uint8, memory_format=torch.contiguous_format)
    if pixels.device.type != "cuda":
        here = pixels.cpu()
        return here.numpy
    pinned = torch.empty(pixels.shape, dtype=torch.uint8, pin_memory=True)  # what is copied to others is waited for
    pinned.copy_(pixels, non_blocking=True)
    arrived = torch.cuda.Event()
    arrived.record(torch.cuda.current_stream(pixels.device))

    def wait() -> NDArray[np.uint8]:
        arrived.synchronize()
        return pinned.numpy()

    return wait


def fitted(
    path: Path,
    size: tuple[int, int],
    convert: Callable[[Image.Image], Image.Image],
    fit: Fit | None,
    resizer: str | None = None,
) -> NDArray[Any]:
    """Decode a file to pixels of a size.

    Arguments:
        path: The file.
        size: (H, W).
        convert: To the mode that is wanted, before it is fitted.
        fit: What to do where it has another size; None, as ``exact``, to refuse it.
        resizer: Another than that of ``fit``.

    Raises:
        RecipeError: As `decoded`.
    """
    if fit is None or fit.how == EXACT:
        return decoded(path, size, lambda image: np.asarray(convert(image)), cure="" if fit is None else fit.cure)
    return decoded(path, None, lambda image: np.asarray(fit.fitted(convert(image), size, resizer)))


def decoded(
    path: Path,
    size: tuple[int, int] | None,
    pixels: Pixels,
    *,
    formats: tuple[str, ...] = FORMATS,
    deep: bool = False,
    cure: str = "",
) -> NDArray[Any]:
    """Decode a file whose header says that it has the right size.

    Arguments:
        path: The file.
        size: The (H, W) that it must have, upright; None for any that is not huge.
        pixels: Makes an array of the upright image in 8 bits: mode L, LA, RGB, RGBA or one that converts to them.
        formats: Those that are read.
        deep: Whether ``pixels`` is given 16-bit greys as they are.
        cure: What else to do about another size, for the message.

    Raises:
        RecipeError: As `read_image`, and as ``pixels`` does.
    """
    data = read_bytes(path, FILE_LIMIT)
    try:
        with warnings.catch_warnings():
            # Pillow warns of large images when it opens them; what has another size is refused below, by name.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=formats) as image:
                _check_header(path, image, size, cure)
                image.load()
                upright = ImageOps.exif_transpose(image)
                upright = upright if deep else _eight_bit(upright)
                if size is not None and upright.size != size[::-1]:
                    raise _another_size(path, upright, size, cure)
                return pixels(upright)
    except RecipeError:
        raise
    except Image.DecompressionBombError as error:
        wanted = "scale it down" if size is None else f"scale it to {size[0]}x{size[1]}"
        raise RecipeError(f"{path}: has more pixels than are ever decoded: {wanted}") from error
    except UnidentifiedImageError as error:
        raise RecipeError(f"{path}: not an image in a format that is read: {', '.join(formats)}") from error
    except Exception as error:  # a decoder that is fed a broken file may raise anything
        raise RecipeError(f"{path}: not a readable image: {printable(error) or type(error).__name__}") from error


def is_image(data: bytes) -> bool:
    """True where that is the beginning of a file in one of `FORMATS`; nothing is decoded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            Image.open(io.BytesIO(data), formats=FORMATS).close()
    except Exception:  # whatever a decoder says: it is none
        return False
    return True


def _check_header(path: Path, image: Image.Image, size: tuple[int, int] | None, cure: str) -> None:
    """Refuse what should not be decoded: too many pixels, another size, channels that decoding would cut."""
    if size is None and image.width * image.height > PIXEL_LIMIT:
        raise RecipeError(f"{path}: has {image.width * image.height} pixels, and at most {PIXEL_LIMIT} are read")
    if size is not None and size not in (image.size, image.size[::-1]):  # on its side, which is known when it is read
        raise _another_size(path, image, size, cure)
    if _loses_depth(image):
        raise RecipeError(
            f"{path}: has 16 bits a channel, of which only greys without transparency are read: "
            "save it with 8 bits a channel"
        )


def _another_size(path: Path, image: Image.Image, size: tuple[int, int], cure: str) -> RecipeError:
    width, height = image.size
    return RecipeError(
        f"{path}: is {height}x{width} (height x width), and the model's images are "
        f"{size[0]}x{size[1]}: scale or crop it to that size" + f", {cure}" * bool(cure)
    )


def _loses_depth(image: Image.Image) -> bool:
    """True where decoding would cut (not round) 16 bits to 8, or forget which grey stands for transparency."""
    if image.mode.startswith("I;16"):
        return "transparency" in image.info
    return any(str(tile[3]).endswith(";16B") for tile in getattr(image, "tile", ()))


def _eight_bit(image: Image.Image) -> Image.Image:
    if not image.mode.startswith("I;16"):
        return image
    deep = np.asarray(image).astype(np.float64)
    return Image.fromarray((deep / 257).round().astype(np.uint8))


def _converted(image: Image.Image, mode: str) -> Image.Image:
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB").convert(mode) if image.mode == "P" else image.convert(mode)
