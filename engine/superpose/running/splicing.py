"""Images put together of the columns of several samples, where columns are painted each by itself.

Nothing but a column's own network and readings has painted it, so that such an image is as good a sample as any; it is
made again from the samples whose numbers it has inside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import numpy as np

from superpose.errors import RecipeError
from superpose.media.frames import picture_of
from superpose.media.png import write_png
from superpose.running.primes import check_sheet, write_prime
from superpose.running.renditions import write_rendition

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from superpose.media.png import Origin
    from superpose.recipe import Recipe
    from superpose.running.job import Job


def columns_of(recipe: Recipe) -> int:
    """Number of columns that are painted each by itself at every stage of a recipe; 1 where there is none such."""
    every = {stage.model.columns for stage in recipe.stages}
    return every.pop() if len(every) == 1 else 1


def entwined(recipe: Recipe) -> str:
    """The reason why columns of several samples make no sample together; "" where they do."""
    if recipe.population is not None:
        return f"population {recipe.population.kind!r} weighs whole images"
    rules = (constraint.kind for stage in recipe.stages for constraint in stage.constraint)
    return next((f"constraint {kind!r} acts on whole images" for kind in rules), "")


def spliced(drawings: Mapping[int, NDArray[np.uint8]], columns: Sequence[int]) -> NDArray[np.uint8]:
    """The pixels of an image whose columns are those of several drawings, by their numbers, of equal widths."""
    parts = [np.split(drawings[number], len(columns), axis=1)[i] for i, number in enumerate(columns)]
    return np.concatenate(parts, axis=1)


def write_spliced(job: Job, drawings: Mapping[int, NDArray[np.uint8]], columns: Sequence[int]) -> int:
    """Write an image of the columns of several samples, and return the number that it has: that of its first column."""
    _write(job, *_spliced_of(job, drawings, columns))
    return columns[0]


def remake(job: Job, origin: Origin) -> Path:
    """Make an image again: alone, of the columns of several samples, or one sheet of either as it is printed.

    Raises:
        RecipeError: If it has other columns than its recipe, or these make no sample together; or if it has no sheets
            such as the one that was printed.
    """
    if origin.printed is not None:
        check_sheet(origin.printed, *job.recipe.stages[-1].image_shape[1:])
        made, pixels = _drawn(job, origin)
        write_prime(job.path(origin.sample), picture_of(pixels), origin.printed, made)
    elif origin.columns:
        _write(job, *_drawn(job, origin))
    else:
        [_] = job.make([origin.sample])
    return job.path(origin.sample)


def _drawn(job: Job, origin: Origin) -> tuple[Origin, NDArray[np.uint8]]:
    """Origin and pixels of an image that is made again, of which no file is written."""
    if not origin.columns:
        [alone] = job.drawings([origin.sample])
        return alone
    if len(origin.columns) != columns_of(job.recipe) or origin.sample != origin.columns[0]:
        raise RecipeError(f"an image of {len(origin.columns)} columns, of which its recipe knows nothing")
    if why := entwined(job.recipe):
        raise RecipeError(f"an image of columns of several samples, which its recipe can't have made: {why}")
    drawings = {each.sample: pixels for each, pixels in job.drawings(sorted({*origin.columns}))}
    return _spliced_of(job, drawings, origin.columns)


def _spliced_of(
    job: Job, drawings: Mapping[int, NDArray[np.uint8]], columns: Sequence[int]
) -> tuple[Origin, NDArray[np.uint8]]:
    return attrs.evolve(job.origin(columns[0]), columns=columns), spliced(drawings, columns)


def _write(job: Job, origin: Origin, pixels: NDArray[np.uint8]) -> None:
    write_rendition(job.path(origin.sample), pixels, origin, job.recipe)
    write_png(job.path(origin.sample), pixels, origin)
