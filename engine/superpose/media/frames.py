"""Frames of animations: pictures as arrays, drawn larger by a whole factor, with nothing that needs torch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

#: One picture, shape (C, H, W), float64: -1 is black and 1 is white.
Picture = NDArray[np.float64]
#: The value of the paper that shows where nothing lies on it.
PAPER = 1.0


def enlarged(image: Picture, zoom: int) -> Picture:
    """A picture in which each pixel is a square of ``zoom`` pixels a side: a new array."""
    return image.repeat(zoom, -2).repeat(zoom, -1)


def faded(first: Picture, second: Picture, u: float) -> Picture:
    """A picture between two of one shape, which is exactly the first at ``u`` = 0 and the second at 1."""
    return first * (1 - u) + second * u


def at_distance(frame: Picture, distance: float) -> Picture:
    """A frame seen from so many times as far: small, in the middle of paper; from 1 it is the frame itself."""
    if distance == 1:
        return frame
    height, width = frame.shape[-2:]
    # As even or odd as the frame is, the smallest too, so that the middle stays where it is.
    tall, wide = (max(size - 2 * round((size - size / distance) / 2), 2 - size % 2) for size in (height, width))
    paper = np.full_like(frame, PAPER)
    small = resized(frame, tall, wide)
    top, left = (height - small.shape[-2]) // 2, (width - small.shape[-1]) // 2
    paper[:, top : top + small.shape[-2], left : left + small.shape[-1]] = small
    return paper


def coarse(image: Picture, height: int) -> Picture:
    """A picture as one of ``height`` rows shows it: the mean of each of its pixels, in the size of the picture."""
    tall, wide = image.shape[-2:]
    width = max(1, round(wide * height / tall))
    small = resized(image, min(height, tall), min(width, wide), Image.Resampling.BOX)
    return resized(small, tall, wide, Image.Resampling.NEAREST)


def fitted(frame: Picture, height: int, width: int) -> Picture:
    """A frame in another size; one of another shape has paper beside it."""
    tall, wide = frame.shape[-2:]
    if (tall, wide) == (height, width):
        return frame
    factor = min(height / tall, width / wide)
    inner = resized(frame, max(1, round(tall * factor)), max(1, round(wide * factor)))
    paper = np.full((frame.shape[0], height, width), PAPER)
    top, left = (height - inner.shape[-2]) // 2, (width - inner.shape[-1]) // 2
    paper[:, top : top + inner.shape[-2], left : left + inner.shape[-1]] = inner
    return paper


def resized(image: Picture, height: int, width: int, how: Image.Resampling = Image.Resampling.LANCZOS) -> Picture:
    """A picture of another size."""
    channels = [Image.fromarray(channel.astype(np.float32)).resize((width, height), how) for channel in image]
    return np.stack([np.asarray(channel, np.float64) for channel in channels])


def picture_of(pixels: NDArray[np.uint8]) -> Picture:
    """The picture that pixels are, shape (H, W) or (H, W, C)."""
    picture: Picture = np.atleast_3d(pixels).transpose(2, 0, 1) / 127.5 - 1
    return picture


def in_pixels(frame: Picture) -> NDArray[np.uint8]:
    """A frame in 8 bits of red, green and blue, shape (H, W, 3)."""
    pixels = np.moveaxis((frame + 1) * 127.5, 0, -1).clip(0, 255).round().astype(np.uint8)
    return np.broadcast_to(pixels, (*pixels.shape[:2], 3))
