"""Films as frames: MP4, and GIF and WebP of several frames, read a frame at a time."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from superpose.errors import RecipeError
from superpose.terminal import printable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Frames of a film, at most, and pixels of one.
MOST, PIXEL_LIMIT = 10_000, 2**24
#: Ticks a second of films whose frames have times of their own: a GIF counts in hundredths of a second.
TICKS = 100


@attrs.frozen
class Film:
    """Film that was written out.

    Attributes:
        frames: The files of its frames, PNG, in order.
        ticks: For each of them, the number of ticks that it stays.
        fps: Ticks a second.
    """

    frames: tuple[Path, ...]
    ticks: tuple[int, ...]
    fps: int


def frames_of_header(path: Path) -> int:
    """Number of frames of a GIF or WebP; 1 where it can't be read, which whoever reads it then says."""
    from PIL import Image

    try:
        with Image.open(path, formats=("GIF", "WEBP")) as image:
            return int(getattr(image, "n_frames", 1))
    except Exception:  # a decoder that is fed a broken file may raise anything
        return 1


def write_frames(path: Path, folder: Path) -> Film:
    """Write the frames of a film into a folder, each called by the film's name and its number.

    Raises:
        RecipeError: If it can't be read, or has more frames or pixels than are read.
    """
    from PIL import Image

    files, ticks = [], []
    fps, frames = _read(path)
    for number, (pixels, stays) in enumerate(frames):
        if number >= MOST:
            raise RecipeError(f"{path}: has more than {MOST:,} frames: cut it")
        files.append(folder / f"{path.stem}-{number:04}.png")
        ticks.append(stays)
        Image.fromarray(pixels).save(files[-1])
    if not files:
        raise RecipeError(f"{path}: has no frames")
    return Film(tuple(files), tuple(ticks), fps)


def _read(path: Path) -> tuple[int, Iterator[tuple[NDArray[np.uint8], int]]]:
    if path.suffix.lower() != ".mp4":
        return TICKS, _images(path)
    if find_spec("av") is None:
        raise RecipeError(f"{path}: MP4 needs PyAV, pip install 'superpose[video]'; or give a GIF, or a folder/*.png")
    return _pace(path), _video(path)


def _images(path: Path) -> Iterator[tuple[NDArray[np.uint8], int]]:
    import numpy as np
    from PIL import Image, ImageSequence

    try:
        with Image.open(path, formats=("GIF", "WEBP")) as film:
            _bounded(path, film.width, film.height)
            for frame in ImageSequence.Iterator(film):
                frame.load()  # a WebP says how long a frame stays when it is read
                duration = frame.info.get("duration", 0) or 1000 / TICKS
                yield _on_white(frame), max(1, int(np.rint(duration * TICKS / 1000)))
    except RecipeError:
        raise
    except Exception as error:
        raise _broken(path, error) from error


def _on_white(frame: object) -> NDArray[np.uint8]:
    import numpy as np
    from PIL import Image

    image = frame.convert("RGBA")  # type: ignore[attr-defined]
    return np.asarray(Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB"))


def _pace(path: Path) -> int:
    import av

    try:
        with av.open(str(path), format="mp4") as container:
            return max(1, round(float(container.streams.video[0].average_rate or 25)))
    except Exception as error:
        raise _broken(path, error) from error


def _video(path: Path) -> Iterator[tuple[NDArray[np.uint8], int]]:
    import av
    import numpy as np

    try:
        with av.open(str(path), format="mp4") as container:
            stream = container.streams.video[0]
            _bounded(path, stream.width, stream.height)
            for frame in container.decode(stream):
                yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8), 1
    except RecipeError:
        raise
    except Exception as error:
        raise _broken(path, error) from error


def _bounded(path: Path, width: int, height: int) -> None:
    if width * height > PIXEL_LIMIT:
        raise RecipeError(f"{path}: its frames have {width * height} pixels, and at most {PIXEL_LIMIT} are read")


def _broken(path: Path, error: Exception) -> RecipeError:
    return RecipeError(f"{path}: not a readable film: {printable(error) or type(error).__name__}")
