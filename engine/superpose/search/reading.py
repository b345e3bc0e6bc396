"""The classifier that reads a run, and the scores of what it read."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import torch

from superpose.errors import RecipeError
from superpose.media.images import read_image
from superpose.media.sheet import Mark, Note, readings
from superpose.recipe.plain import plain
from superpose.running.album import hashes_of
from superpose.search.scores import Score, Scores, best
from superpose.search.scoring import ROWS, Scoring

if TYPE_CHECKING:
    from superpose.estimate.classifier import Classifier
    from superpose.plugins import Registry
    from superpose.recipe import Subject


def prompts_of(subject: Subject) -> tuple[str, ...]:
    """What the readings of a subject are to show, in their order.

    Raises:
        RecipeError: Nothing was asked for, so that nothing can be scored.
    """
    prompts = tuple(reading.prompt for reading in readings(subject) if reading.prompt is not None)
    if not prompts:
        raise RecipeError("the recipe asks for nothing that could be read: it has no prompt")
    return prompts


def shown_shape(subject: Subject, shape: tuple[int, int, int]) -> tuple[int, int, int]:
    """(C, H, W) of what is read of an image of ``shape``: what views of a canvas show; ``shape`` where they differ."""
    blank = torch.zeros(1, *shape)
    shown = {tuple(reading.show(blank).shape[1:]) for reading in readings(subject) if reading.prompt is not None}
    return shown.pop() if len(shown) == 1 else shape  # type: ignore[return-value]


def classifier_for(registry: Registry, prompts: Sequence[str], shape: tuple[int, int, int]) -> Classifier:
    """A classifier that needs no option, or is made of such, reads images of this shape and knows every prompt.

    Raises:
        RecipeError: There is none.
    """
    why = []
    simple: list[Classifier] = []
    kinds: list[type[Classifier]] = [*registry.kinds("classifier").values()]
    for cls in kinds:
        try:
            simple.append(cls())
        except TypeError:  # it has options that must be given
            why.append(f"{cls.kind} needs options")
    made = (it for cls in kinds for it in cls.reading(shape, simple))
    for classifier in itertools.chain(simple, made):
        if classifier.shape != shape:
            why.append(f"{classifier.kind} reads images of {_times(classifier.shape)}")
            continue
        try:
            return classifier.among(prompts)
        except RecipeError as error:
            why.append(str(error))
    told = "; ".join(why) or "no classifier is installed"
    raise RecipeError(
        f"nothing here reads images of {_times(shape)} with these prompts: {told}; name one: --classifier"
    )


def _times(shape: tuple[int, int, int]) -> str:
    return "x".join(map(str, shape))


@attrs.frozen(eq=False)
class Reader:
    """Reads images of a subject with a classifier.

    Attributes:
        subject: What they show, at their size.
        shape: (C, H, W) of an image.
        classifier: Reads them.
        scoring: The classifier with its weights read.
    """

    subject: Subject
    shape: tuple[int, int, int]
    classifier: Classifier
    scoring: Scoring

    @classmethod
    def of(cls, subject: Subject, shape: tuple[int, int, int], classifier: Classifier, device: str = "cpu") -> Reader:
        """Read the weights of the classifier."""
        asked = [reading for reading in readings(subject) if reading.prompt is not None]
        among = classifier.among(prompts_of(subject))
        return cls(subject, shape, among, Scoring(among, among.load(device), asked))

    def scores(self, images: Mapping[int, Path]) -> dict[int, Score]:
        """Score of each image, by the number of its sample."""
        numbers, found = list(images), []
        for start in range(0, len(numbers), ROWS):
            pixels = [read_image(images[number], self.shape) for number in numbers[start : start + ROWS]]
            found += self.scoring.scores(torch.stack(pixels))
        return dict(zip(numbers, found, strict=True))

    def kept(self, images: Mapping[int, Path], scores: Mapping[int, Score], count: int | None = None) -> Scores:
        """What lies beside the images that are kept: all of them, or the best ``count``."""
        numbers = list(images) if count is None else best(scores, count)
        return Scores(
            classifier=self.classifier.kind,
            options=plain(self.classifier),
            weights=self.classifier.weights(),
            prompts=prompts_of(self.subject),
            images={images[number].name: scores[number] for number in numbers},
            hashes=hashes_of([images[number] for number in numbers]),
            drawn=() if count is None else tuple(scores.values()),
        )

    def note(self, score: Score) -> Note:
        """What the sheet says of an image."""
        return noted(score, self.subject)


def noted(score: Score, subject: Subject) -> Note:
    """What the sheet says of an image with that score."""
    found = iter(zip(score.each, score.right, strict=True))
    marks: list[Mark | None] = []
    for reading in readings(subject):
        if reading.prompt is None:
            marks.append(None)
        else:
            value, right = next(found)
            marks.append(Mark(f"{value:.2f}", right))
    return Note(str(score), tuple(marks))
