"""Attention maps of the images of a run, left beside them: the sheet and the gallery show them from then on."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from superpose.errors import Notice
from superpose.media.images import read_picture, to_pixels
from superpose.media.word_maps import ShownWord, WordMaps
from superpose.running.album import album, hashes_of
from superpose.running.composition import compose
from superpose.running.given import given_pictures
from superpose.running.inside import inside
from superpose.running.maps import asked, must_be_few, watched
from superpose.running.sheets import Sheets
from superpose.running.steps import FRAMES, spoken, spread
from superpose.running.swarms import with_sizes
from superpose.running.threads import threads
from superpose.search.reading import noted
from superpose.search.scores import read_scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from superpose.recipe import Recipe
    from superpose.running.album import Album

#: Mean difference of two pictures, in 8-bit values, that another processor may make and no other weights do.
CLOSE = 2.0


def map_run(
    folder: Path,
    words: Sequence[str],
    *,
    frames: int = 8,
    device: str = "cpu",
    inputs: Mapping[str, str | Path] | None = None,
) -> list[Path]:
    """Sample the images of a run once more, read where the network looks for words, and write what was seen.

    Arguments:
        folder: Of the run.
        words: Words of its prompts; every word of them where none is given.
        frames: How many steps are kept, the first and the last among them; all where there are fewer.
        device: Where to run: a torch device.
        inputs: Where files are that do not travel inside images, by the names that the recipe has for them.

    Returns:
        The paths of the maps and, where the folder has the account of its run, of the pages of its sheet.

    Raises:
        RecipeError: As `superpose.running.maps.maps`, and as `superpose.replay`.
        RunError: If a file can't be written, or would replace what is somebody else's.
    """
    must_be_few("frames", frames, FRAMES)
    with album(folder) as found, inside(found.images[0], inputs) as first:
        recipe = first.recipe()
        with threads(recipe.run.threads):
            maps = _mapped(found, recipe, words, frames, device)
        return [maps.write(folder), *_sheet(found)]


def _mapped(found: Album, recipe: Recipe, words: Sequence[str], frames: int, device: str) -> WordMaps:
    composition = compose(recipe, device)
    stage = composition.stages[0]
    these = asked(recipe, stage.predictor, words)
    images: dict[str, NDArray[np.uint8]] = {}
    steps: tuple[str, ...] = ()
    for origin, path in zip(found.origins, found.images, strict=True):
        seen = watched(stage, these, [origin.sample])
        if len(composition.stages) == 1:
            _compare(path, to_pixels(seen.images)[0])
        chosen = spread(len(seen.levels), frames)
        steps = tuple(f"step {step}, {spoken(seen.levels[step])}" for step in chosen)
        images[path.name] = (seen.maps[0, chosen].transpose(0, 1).numpy() * 255).round().astype(np.uint8)
    return WordMaps(tuple(ShownWord(one.word, one.prompt) for one in these), steps, images, hashes_of(found.images))


def _compare(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Warn where the image that was sampled is another than the one in the folder."""
    was = read_picture(path)
    if was.shape[:2] != pixels.shape[:2] or np.abs(was - pixels.astype(float)).mean() > CLOSE:
        text = f"{path} was made with other weights or versions: its maps are of the image that these make"
        warnings.warn(text, Notice, stacklevel=2)


def _sheet(found: Album) -> Sequence[Path]:
    """Draw the sheet anew, with the maps, and the scores that are there."""
    if found.record is None:
        return ()
    images = {origin.sample: path for origin, path in zip(found.origins, found.images, strict=True)}
    pixels = read_picture(found.images[0])
    channels = found.recipe.stages[-1].model.image_shape[0]
    shape = channels, *pixels.shape[:2]
    sheets = Sheets(found.folder, found.record.run, found.subject, shape, given_pictures(found.recipe))
    scores = read_scores(found.folder)
    scored = {} if scores is None else scores.images
    notes = {k: noted(scored[path.name], found.subject) for k, path in images.items() if path.name in scored}
    return sheets.write(images, with_sizes(notes, images, found.subject))
