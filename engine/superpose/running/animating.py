"""Animations from the images themselves: the recipe inside says how they are looked at, and no network is needed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from superpose.errors import RecipeError
from superpose.media.animation import check_format, write_animation
from superpose.media.captions import captioned
from superpose.media.frames import fitted, in_pixels
from superpose.media.png import read_origin
from superpose.running.inside import inside
from superpose.running.reel import Pace, Reel

if TYPE_CHECKING:
    from superpose.media.frames import Picture
    from superpose.running.inside import Inside
    from superpose.running.reel import Film, Shot

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
    captions: bool = False,
    overwrite: bool = False,
) -> Path:
    """Make an animation of an image, from one of its readings to the next and back.

    Arguments:
        image: A PNG file that superpose wrote.
        out: The animation, whose end says its format: .gif, .webp or .mp4; by default a GIF beside the image.
        size: Height of the animation in pixels; by default a few times that of the image, exactly.
        pace: How fast it goes.
        inputs: Where files are that the recipe inside names and that do not travel, by its names for them.
        captions: Whether what is read stands below the image.
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
    with inside(image, inputs) as found:
        pace = pace or Pace()
        shots, (height, width) = _filmed(found, size, pace)
        if len(shots) == STILL:
            raise RecipeError(f"{image}: shows one thing, in one way: there is nothing to animate")
        frames = (in_pixels(fitted(shot.draw(), height, width)) for shot in shots)
        if captions:
            frames = (captioned(each, shot.caption or "", shot.ink) for each, shot in zip(frames, shots, strict=True))
        write_animation(out, frames, [shot.ticks for shot in shots], pace.fps)
    return out


def _filmed(found: Inside, size: int | None, pace: Pace) -> tuple[list[Shot], tuple[int, int]]:
    """The shots of an image, and the height and width that they are to have."""
    shown = found.shown()
    picture = shown.picture()
    film = _film(found, picture)
    tall, wide = (picture if film is None else film(0.0)).shape[-2:]
    zoom = max(1, -(-(size or HEIGHT) // tall))
    height = size or tall * zoom
    reel = Reel(zoom, pace)
    shots = reel.shots(shown.subject, picture, shown.heights) if film is None else reel.there_and_back(film)
    return shots, (height, max(1, round(wide * height / tall)))


def _film(found: Inside, picture: Picture) -> Film | None:
    """The film that a constraint of the recipe makes of the picture; None where none does."""
    try:
        constraints = found.recipe(absent=True).constraint
    except RecipeError:  # what the image shows can be told without its model, its constraints can't
        return None
    making = (each for each in constraints if each.frame(picture, 0.0) is not None)
    return next((cast("Film", partial(each.frame, picture)) for each in making), None)


def images_of(folder: Path) -> list[Path]:
    """The images in the folder of a run, without its sheets.

    Raises:
        RecipeError: If there are none.
    """
    found = [path for path in sorted(folder.glob("*.png")) if _has_origin(path)]
    if not found:
        raise RecipeError(f"{folder}: holds no image that superpose wrote")
    return found


def _has_origin(path: Path) -> bool:
    try:
        return read_origin(path).printed is None
    except RecipeError:
        return False
