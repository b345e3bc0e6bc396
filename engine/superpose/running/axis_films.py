"""Films along an axis of a sweep: each image of a sample in the order of the values, and back again.

They are cut from images that are there, by the table of the sweep: no network is needed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from superpose.errors import RecipeError
from superpose.kinds.spelling import suggestion
from superpose.media.animation import check_format, write_animation
from superpose.media.captions import captioned
from superpose.media.files import read_text
from superpose.media.frames import enlarged, fitted, in_pixels
from superpose.media.images import read_picture
from superpose.recipe.plain import inline
from superpose.running.animating import HEIGHT
from superpose.running.reel import Pace
from superpose.running.sweep.results import LINES
from superpose.running.sweep.xy import tied

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@attrs.frozen
class AxisFilm:
    """A film along an axis.

    Attributes:
        name: The number of its sample, and which combination of the other axes it is of, where there are several.
        frames: The value and the image of each frame, in the order of the axis.
    """

    name: str
    frames: tuple[tuple[object, Path], ...]

    def write(
        self,
        path: Path,
        *,
        size: int | None = None,
        pace: Pace | None = None,
        caption: str = "",
        overwrite: bool = False,
    ) -> Path:
        """Write the film: it rests at both ends, and each image between them stays as long as any other.

        Arguments:
            path: Where to, a name that is free unless ``overwrite``; its end says the format: .gif, .webp or .mp4.
            size: Height in pixels; by default a few times that of the images, exactly.
            pace: How fast it goes; its ``move`` is the way from one end to the other.
            caption: What the value of each frame stands for, below it; none where it is empty.
            overwrite: Whether a file that is there is replaced.

        Raises:
            RecipeError: If there is no such format, the file is there, or an image can't be read.
            RunError: If the file can't be written.
        """
        check_format(path)
        if path.exists() and not overwrite:
            raise RecipeError(
                f"{path} is there already: choose another name with --out, or replace it with --overwrite"
            )
        pace = pace or Pace()
        last = len(self.frames) - 1
        step = max(1, round(pace.fps * pace.move / last))
        order = [*range(last + 1), *range(last - 1, 0, -1)]
        ticks = [pace.resting if i in (0, last) else step for i in order]
        path.parent.mkdir(parents=True, exist_ok=True)
        write_animation(path, (self._drawn(i, size, caption) for i in order), ticks, pace.fps)
        return path

    def _drawn(self, i: int, size: int | None, caption: str) -> NDArray[np.uint8]:
        tall, wide = read_picture(self.frames[0][1]).shape[:2]
        zoom = max(1, -(-(size or HEIGHT) // tall))
        height = size or tall * zoom
        value, image = self.frames[i]
        picture = enlarged(read_picture(image).transpose(2, 0, 1) / 127.5 - 1, zoom)
        pixels = in_pixels(fitted(picture, height, max(1, round(wide * height / tall))))
        return captioned(pixels, f"{caption} = {inline(value)}", 1.0) if caption else pixels


def axis_films(folder: str | Path, axis: str) -> list[AxisFilm]:
    """The films along an axis of a sweep: of each sample, at each combination of the values of all other axes.

    Arguments:
        folder: Of the sweep, whose table says which image is of which values.
        axis: Its key, such as ``interpolate.mix``.

    Raises:
        RecipeError: If it is no folder of a sweep, has no such axis, or fewer than two images along it.
    """
    rows = list(_rows(Path(folder)))
    axes = list(rows[0]["values"])
    if axis not in axes:
        raise RecipeError(f"--axis: {axis!r} is no axis of {folder}{suggestion(axis, axes)}")
    along = {axis, *tied([row["values"] for row in rows], axis)}
    found: dict[tuple[str, int], dict[str, tuple[object, Path]]] = {}
    for row in rows:
        value = row["values"][axis]
        others = {key: other for key, other in row["values"].items() if key not in along}
        film = found.setdefault((inline(others), row["sample"]), {})
        film.setdefault(inline(value), (value, Path(folder) / row["image"]))
    several = len({others for others, _ in found}) > 1
    numbers = {others: number for number, others in enumerate(dict.fromkeys(others for others, _ in found))}
    films = [
        AxisFilm(f"{sample:04}-{numbers[others]}" if several else f"{sample:04}", tuple(frames.values()))
        for (others, sample), frames in found.items()
        if len(frames) > 1
    ]
    if not films:
        raise RecipeError(f"{folder}: of no sample are there two images along {axis}: there is nothing to animate")
    return films


def _rows(folder: Path) -> Iterator[dict[str, Any]]:
    table = folder / LINES
    if not table.is_file():
        raise RecipeError(f"{folder}: no {LINES} is in it, so it is no folder of a sweep: leave --axis out")
    try:
        rows = [json.loads(line) for line in read_text(table).splitlines()]
    except ValueError as error:
        raise RecipeError(f"{table}: not JSON on every line: {error}") from error
    if not rows:
        raise RecipeError(f"{folder}: the sweep has made no image so far")
    yield from rows
