"""Keeping the best of many samples: what is asked, what reads them, and what is left."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from superpose.cli.printing import complain, say
from superpose.cli.score import classifier_named, tell
from superpose.errors import RecipeError

if TYPE_CHECKING:
    from superpose.estimate.classifier import Classifier
    from superpose.recipe import Recipe
    from superpose.running.job import Job, Outcome
    from superpose.search.reading import Reader


def refuse_choice(arguments: argparse.Namespace) -> None:
    """Raise `RecipeError` where it is not clear what is to be chosen from what."""
    best, drawn = arguments.best, arguments.of
    if best is None and drawn is None:
        if arguments.classifier or arguments.option:
            raise RecipeError("--classifier reads the samples of --best K --of N: give these too, or superpose score")
        return
    if best is None or drawn is None:
        raise RecipeError("--best K and --of N belong together: keep the best K of N samples")
    if not 1 <= best <= drawn:
        raise RecipeError(f"--best {best} --of {drawn}: the best of N samples are from 1 to N")
    if arguments.samples is not None:
        raise RecipeError("--samples: with --best K, --of N says how many samples are drawn")


def reader_of(recipe: Recipe, arguments: argparse.Namespace) -> Classifier:
    """The classifier that chooses; known to read every prompt before anything is sampled."""
    from superpose.plugins import load_plugins
    from superpose.running.splicing import columns_of, entwined
    from superpose.search.reading import classifier_for, prompts_of

    if columns_of(recipe) > 1 and (why := entwined(recipe)):
        complain(f"{why}: they are chosen whole; leave it out to choose letter by letter")
    prompts, known = prompts_of(recipe.subject), load_plugins()
    if named := classifier_named(known, arguments):
        return named.among(prompts)
    return classifier_for(known, prompts, recipe.stages[-1].model.image_shape)


def chosen(job: Job, classifier: Classifier, count: int) -> Outcome:
    """Score all samples, keep the best, and tell of them."""
    import attrs

    from superpose.search.reading import Reader
    from superpose.search.scores import best

    sheets = job.sheets
    reader = Reader.of(sheets.subject, sheets.shape, classifier, str(job.device))
    images = {k: job.path(k) for k in range(job.recipe.run.samples)}
    scores = reader.scores(images)
    all_drawn = tuple(scores.values())
    if spliced := _spliced(job, reader, images, count):
        images = {number: job.path(number) for number in spliced}
        scores = reader.scores(images)
    kept = attrs.evolve(reader.kept(images, scores, count), drawn=all_drawn)
    kept.write(job.out)
    outcome = job.close(best(scores, count), {number: reader.note(score) for number, score in scores.items()})
    for path in outcome.images:
        say(path)
    tell(kept)
    return outcome


def _spliced(job: Job, reader: Reader, images: Mapping[int, Path], count: int) -> list[int]:
    """Put the best images together of the best columns, and return their numbers; none where columns are no parts.

    Raises:
        RunError: If a column is not read right in any drawing.
    """
    import torch

    from superpose.media.images import read_image, to_pixels
    from superpose.running.splicing import columns_of, entwined, write_spliced
    from superpose.search.columns import best_columns, drawn, letters_of

    columns = columns_of(job.recipe)
    if columns == 1 or entwined(job.recipe):
        return []
    letters = letters_of(reader.subject, reader.classifier, reader.shape, columns)
    if letters is None:
        complain("a reading mixes letters, or its classifier reads no single ones: images are chosen whole")
        return []
    pixels = torch.stack([read_image(path, reader.shape) for path in images.values()])
    found = drawn(pixels, reader.subject, letters, str(job.device))
    drawings = dict(zip(images, to_pixels(pixels), strict=True))
    return [write_spliced(job, drawings, chosen) for chosen in best_columns(found, letters, count)]
