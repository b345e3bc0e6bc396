"""Animations from the images themselves: the recipe inside says how they are looked at, and no network is needed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import numpy as np

from superpose.errors import RecipeError
from superpose.estimate.problem import Problem, problems_of
from superpose.media.animation import check_format, write_animation
from superpose.media.frames import fitted, in_pixels
from superpose.media.images import decoded
from superpose.media.png import Origin, read_origin
from superpose.recipe import loads
from superpose.recipe.loading import load_subject
from superpose.running.inputs import given_files, unpacked
from superpose.running.reel import Pace, Reel

if TYPE_CHECKING:
    from superpose.media.frames import Picture
    from superpose.recipe import Subject

#: Height of an animation where none is asked for: at least this, and a whole number of times that of the image.
HEIGHT = 256
#: Shots of an image that only rests.
STILL = 2
#: The least and the largest height.
LEAST, MOST = 16, 2048


def animate(
    image: str | Path,
    out: str | Path | None = None,
    *,
    size: int | None = None,
    pace: Pace | None = None,
    inputs: Mapping[str, str | Path] | None = None,
    overwrite: bool = False,
) -> Path:
    """Make an animation of an image, from one of its readings to the next and back.

    Arguments:
        image: A PNG file that superpose wrote.
        out: The animation, whose end says its format: .gif, .webp or .mp4; by default a GIF beside the image.
        size: Height of the animation in pixels; by default a few times that of the image, exactly.
        pace: How fast it goes.
        inputs: Where files are that the recipe inside names and that do not travel, by its names for them.
        overwrite: Whether a file that is there is replaced.

    Returns:
        Where it is.

    Raises:
        RecipeError: If the image has no recipe inside, or one that shows a single thing in a single way; or if a file
            would be replaced, or is of no format that can be written.
        RunError: If the file can't be written.
    """
    image = Path(image)
    out = image.with_suffix(".gif") if out is None else Path(out)
    check_format(out)
    if out.exists() and not overwrite:
        raise RecipeError(f"{out} is there already: choose another name with --out, or replace it with --overwrite")
    if size is not None and not LEAST <= size <= MOST:
        raise RecipeError(f"size must be between {LEAST} and {MOST}, got {size}")
    origin = read_origin(image)
    picture = _picture(image)
    with tempfile.TemporaryDirectory() as folder:
        shown = _Shown.of(image, origin, Path(folder), inputs or {})
        shown.check(image, picture)
        tall, wide = picture.shape[-2:]
        zoom = max(1, -(-(size or HEIGHT) // tall))
        height = size or tall * zoom
        width = max(1, round(wide * height / tall))
        pace = pace or Pace()
        shots = Reel(zoom, pace).shots(shown.subject, picture, shown.heights)
        if len(shots) == STILL:
            raise RecipeError(f"{image}: shows one thing, in one way: there is nothing to animate")
        frames = (in_pixels(fitted(shot.draw(), height, width)) for shot in shots)
        write_animation(out, frames, [shot.ticks for shot in shots], pace.fps)
    return out


def images_of(folder: Path) -> list[Path]:
    """The images in the folder of a run, without its sheets.

    Raises:
        RecipeError: If there are none.
    """
    found = [path for path in sorted(folder.glob("*.png")) if _has_origin(path)]
    if not found:
        raise RecipeError(f"{folder}: holds no image that superpose wrote")
    return found


@attrs.frozen
class _Shown:
    """What an image shows.

    Attributes:
        subject: In the size of the picture.
        heights: Heights of the pictures of the stages before.
    """

    subject: Subject
    heights: tuple[int, ...] = ()

    @classmethod
    def of(cls, image: Path, origin: Origin, folder: Path, inputs: Mapping[str, str | Path]) -> _Shown:
        """From the recipe inside the image; of its networks only the sizes are asked for, where they are known."""
        name = f"{image} (the recipe inside)"
        files = {**unpacked(origin, folder), **given_files(image, origin, inputs)}
        try:
            recipe = loads(origin.recipe, name=name, folder=folder, files=files)
            stages = recipe.stages
        except RecipeError as error:
            subject = load_subject(origin.recipe, name=name, folder=folder, files=files)
            if subject.scaled(2.0) != subject:  # it counts pixels of an image that nobody here knows the size of
                raise RecipeError(f"what the image shows depends on the size of its model: {error}") from error
            return cls(subject)
        model = stages[-1].model
        subject = stages[-1].subject.scaled(model.image_shape[1] / model.shape[1])
        return cls(subject, tuple(stage.model.image_shape[1] for stage in stages[:-1]))

    def check(self, image: Path, picture: Picture) -> None:
        """Refuse an image that can't be looked at as its recipe says."""
        for problem in _problems(self.subject, picture):
            raise RecipeError(f"{image}: {problem}")


def _problems(subject: Subject, picture: Picture) -> Iterator[Problem]:
    channels, height, width = picture.shape
    for term in subject.view:
        if found := problems_of(term.view.problems, (channels, height, width)):
            yield from found
        else:
            yield from _problems(term.subject, term.view.frame(picture, 1.0))
    if subject.decomposition is not None:
        if found := problems_of(subject.decomposition.decomposition.problems, (channels, height, width)):
            yield from found
        else:
            for _, part in subject.decomposition.parts:
                yield from _problems(part, picture)
    for inner in () if subject.compose is None else subject.compose.conjuncts:
        yield from _problems(inner.subject, picture)


def _picture(path: Path) -> Picture:
    pixels = decoded(path, None, lambda image: np.asarray(image if image.mode == "L" else image.convert("RGB")))
    picture: Picture = np.atleast_3d(pixels).transpose(2, 0, 1) / 127.5 - 1
    return picture


def _has_origin(path: Path) -> bool:
    try:
        read_origin(path)
    except RecipeError:
        return False
    return True
