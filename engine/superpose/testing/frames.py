"""The laws of frames: an animation of a view begins at the image and ends at what the view shows, bit for bit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from superpose.media.frames import enlarged
from superpose.testing.probes import TOLERANCE, broken, noise

if TYPE_CHECKING:
    from superpose.estimate.view import View
    from superpose.media.frames import Picture

#: Frames are drawn so many times as large.
ZOOMS = (1, 2)


def frames_are_pictures(view: View, channels: int, height: int, width: int) -> float:
    """A frame on the way is a picture of the right size, and the same one when it is asked for again."""
    image = picture(channels, height, width)
    shapes = {image.shape, reading(view, image).shape}
    for u, zoom in zip((0.3, 0.8), ZOOMS, strict=True):
        frame = frame_of(view, image, u, zoom)
        if frame.shape not in {(c, h * zoom, w * zoom) for c, h, w in shapes}:
            _broken(view, image, f"the frame at {u} with zoom = {zoom} has shape {'x'.join(map(str, frame.shape))}")
        if not np.isfinite(frame).all():
            _broken(view, image, f"the frame at {u} has values that are no finite numbers")
        if zoom == 1 and not np.array_equal(frame, frame_of(view, image, u, zoom)):
            _broken(view, image, f"the frame at {u} is another one when it is asked for again")
    return 0.0


def frames_begin_at_the_image(view: View, channels: int, height: int, width: int) -> float:
    """At 0 a frame is the image, bit for bit."""
    image = picture(channels, height, width)
    for zoom in ZOOMS:
        if off := _gap(frame_of(view, image, 0.0, zoom), enlarged(image, zoom)):
            _broken(view, image, f"the frame at 0 is {off:.3g} away from the image")
    return 0.0


def frames_end_at_the_reading(view: View, channels: int, height: int, width: int) -> float:
    """At 1 a frame is what the view shows, bit for bit once it is in 8 bits.

    Returns:
        The largest difference of the values before: rounding, of a view that mixes them.
    """
    image = picture(channels, height, width)
    shown, worst = reading(view, image), 0.0
    for zoom in ZOOMS:
        frame, want = frame_of(view, image, 1.0, zoom), enlarged(shown, zoom)
        worst = max(worst, _gap(frame, want))
        if worst > TOLERANCE or not np.array_equal(_pixels(frame), _pixels(want)):
            _broken(view, image, f"the frame at 1 is up to {worst:.3g} away from what the view shows")
    return worst


def frame_of(view: View, image: Picture, u: float, zoom: int) -> Picture:
    """A frame of a view, known to be an array that was made without writing to the image."""
    before = image.copy()
    frame: object = view.frame(image, u, zoom)
    if not np.array_equal(image, before):
        _broken(view, image, "frame writes to the image; make a new array")
    if not isinstance(frame, np.ndarray) or frame.dtype != np.float64:
        got = f"an array of {frame.dtype}" if isinstance(frame, np.ndarray) else type(frame).__name__
        _broken(view, image, f"frame returns {got}, and must return a NumPy array of float64")
    return frame


def picture(channels: int, height: int, width: int) -> Picture:
    """A picture in 8 bits, as one that is read from a file."""
    pixels = noise(1, channels, height, width)[0].mul(64).add(128).round().clamp(0, 255)
    values: Picture = (pixels / 127.5 - 1).numpy()
    return values


def reading(view: View, image: Picture) -> Picture:
    """What a view shows of a picture."""
    import torch  # the laws can be imported without torch

    shown: Picture = view.apply(torch.from_numpy(image.copy())[None])[0].numpy()
    return shown


def _pixels(frame: Picture) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return ((frame + 1) * 127.5).clip(0, 255).round().astype(np.uint8)


def _gap(got: Picture, want: Picture) -> float:
    return float(abs(got - want).max()) if got.shape == want.shape else math.inf


def _broken(view: View, image: Picture, what: str) -> NoReturn:
    broken(view, "x".join(map(str, image.shape)), what)
