"""Animations in files: GIF, WebP and MP4, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from superpose.errors import RecipeError
from superpose.media.writing import replacing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

#: Colours of a frame of a GIF, at most.
COLOURS = 256
#: Formats by the ends of their names.
FORMATS = (".gif", ".webp", ".mp4")


def check_format(path: Path) -> None:
    """Raise `RecipeError` where a file of that name is no animation, or can't be written here."""
    if path.suffix.lower() not in FORMATS:
        raise RecipeError(f"{path}: an animation is a file that ends with {', '.join(FORMATS[:-1])} or {FORMATS[-1]}")
    if path.suffix.lower() == ".mp4" and find_spec("av") is None:
        raise RecipeError(f"{path}: MP4 needs PyAV, pip install 'superpose[video]'; or write a .gif or .webp")


def write_animation(path: Path, frames: Iterable[Pixels], ticks: Sequence[int], fps: int) -> None:
    """Write an animation that goes on without end, where its format can.

    Arguments:
        path: Where to; its end says the format.
        frames: Pictures of one size, (H, W, 3); drawn one after the other, as they are written.
        ticks: For each of them, the number of ticks that it stays.
        fps: Ticks a second.

    Raises:
        RunError: If the file can't be written.
        RecipeError: If there is no such format.
    """
    check_format(path)
    with replacing(path) as draft:
        if path.suffix.lower() == ".mp4":
            _write_mp4(draft, frames, ticks, fps)
        else:
            _write_images(draft, path.suffix.lower(), frames, ticks, fps)


def _write_images(draft: Path, suffix: str, frames: Iterable[Pixels], ticks: Sequence[int], fps: int) -> None:
    images: Iterator[Image.Image] = map(_palette if suffix == ".gif" else Image.fromarray, frames)
    first = next(images)
    # A GIF counts in hundredths of a second.
    unit = 10 if suffix == ".gif" else 1
    durations = [round(1000 * count / fps / unit) * unit for count in ticks]
    more = {"optimize": False, "disposal": 1} if suffix == ".gif" else {"lossless": True, "method": 4}
    settings = {"save_all": True, "append_images": images, "duration": durations, "loop": 0, **more}
    with draft.open("wb") as file:
        first.save(file, format=suffix[1:].upper(), **settings)


def _palette(pixels: Pixels) -> Image.Image:
    """A picture of few colours: its own where there are no more."""
    packed = pixels.astype(np.int32) @ np.array([65536, 256, 1], np.int32)
    colours, places = np.unique(packed, return_inverse=True)
    if len(colours) > COLOURS:
        return Image.fromarray(pixels).quantize(COLOURS, dither=Image.Dither.NONE)
    image = Image.fromarray(places.reshape(packed.shape).astype(np.uint8)).convert("P")
    image.putpalette(np.stack([colours >> 16, colours >> 8 & 255, colours & 255], -1).astype(np.uint8).tobytes())
    return image


def _write_mp4(draft: Path, frames: Iterable[Pixels], ticks: Sequence[int], fps: int) -> None:
    import av

    frames = iter(frames)
    first = next(frames)
    with av.open(str(draft), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(fps), options={"crf": "16", "preset": "medium"})
        # Half of the values of colour are stored each way, so sides are even.
        stream.height, stream.width = (size + size % 2 for size in first.shape[:2])
        stream.pix_fmt = "yuv420p"
        for pixels, count in zip(chain([first], frames), ticks, strict=True):
            even = np.pad(
                pixels, ((0, stream.height - len(pixels)), (0, stream.width - pixels.shape[1]), (0, 0)), "edge"
            )
            for _ in range(count):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(even), "rgb24")))
        container.mux(stream.encode(None))
