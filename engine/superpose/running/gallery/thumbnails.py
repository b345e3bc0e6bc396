"""Pictures small enough to be inside a page: as they are where there is room, and smaller where there is none."""

from __future__ import annotations

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

#: Sides that are tried, in pixels, the largest first, and the quality of WebP.
SIDES, QUALITY = (512, 384, 256, 192, 128, 96), 82


def side_for(pixels: NDArray[np.uint8], room: int) -> int:
    """The longer side at which a picture takes no more than so many bytes; its own where it fits as it is.

    Arguments:
        pixels: In 8 bits, (H, W, 3).
        room: Bytes.
    """
    side: int = max(pixels.shape[:2])
    if len(_png(pixels)) <= room:
        return side
    smaller = [each for each in SIDES if each <= side]
    fitting = (each for each in smaller if len(_webp(_reduced(pixels, each))) <= room)
    return next(fitting, min(side, SIDES[-1]))


def thumbnail(pixels: NDArray[np.uint8], side: int, room: int) -> str:
    """A picture as a data address, its longer side brought to ``side``; lossless where ``room`` allows it."""
    small = _reduced(pixels, side)
    plain = _png(small)
    kind, data = ("png", plain) if len(plain) <= room else ("webp", _webp(small))
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def _reduced(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    image = Image.fromarray(pixels)
    if max(image.size) <= side:
        return pixels
    factor = side / max(image.size)
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return np.asarray(image.resize(size, Image.Resampling.LANCZOS))


def _png(pixels: NDArray[np.uint8]) -> bytes:
    return _saved(pixels, format="PNG")


def _webp(pixels: NDArray[np.uint8]) -> bytes:
    return _saved(pixels, format="WEBP", quality=QUALITY)


def _saved(pixels: NDArray[np.uint8], **how: object) -> bytes:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, **how)  # type: ignore[arg-type]
    return data.getvalue()
