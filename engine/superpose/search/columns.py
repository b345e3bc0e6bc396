"""Choosing the columns of images one by one: of every letter of a word the drawing that is read best, every way.

Where a reading shows each column by itself, in its own place or in that of another, a column is read by itself: the
letter that it should be there, upright, upside down or whatever the reading does. The best of n drawings of each column
is then a word of the best letters, and not the best of n words: a word of five letters, each read in every second
drawing, is right in three of 100 words, and in 85 of 100 words of letters that are each the best of five.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from superpose.errors import RunError
from superpose.media.columns import places
from superpose.media.sheet import readings
from superpose.search.scoring import ROWS, fitted

if TYPE_CHECKING:
    from superpose.estimate.classifier import Classifier
    from superpose.media.sheet import Reading
    from superpose.recipe import Subject


class Letter(NamedTuple):
    """A column of an image, as one reading shows it.

    Attributes:
        reading: Number of the reading, among those that ask for something.
        place: The column that it is there.
        classifier: What reads it.
        prompt: What it should be there.
    """

    reading: int
    place: int
    classifier: Classifier
    prompt: str


class Drawn(NamedTuple):
    """One drawing of a column; the best are the greatest.

    Attributes:
        right: Whether it is read right every way.
        likely: Logarithm of the probability of all its readings.
        before: Minus the number of the sample, so that the first of equals is the best.
    """

    right: bool
    likely: float
    before: int


def letters_of(
    subject: Subject, classifier: Classifier, shape: tuple[int, int, int], columns: int
) -> list[list[Letter]] | None:
    """The letters that each column should be, one a reading; None where it is no column by itself in one of them.

    Arguments:
        subject: What the images show, at their size.
        classifier: Reads them.
        shape: (C, H, W) of an image.
        columns: Of an image.
    """
    found: list[list[Letter]] = [[] for _ in range(columns)]
    for number, reading in enumerate(asked_of(subject)):
        parts, shown = classifier.parts(reading.prompt or ""), places(reading.look, shape, columns)
        if shown is None or len(parts) != columns:
            return None
        for column, place in enumerate(shown):
            found[column].append(Letter(number, place.column, *parts[place.column]))
    return found


def asked_of(subject: Subject) -> list[Reading]:
    """The readings that ask for something."""
    return [reading for reading in readings(subject) if reading.prompt is not None]


def drawn(
    images: Tensor, subject: Subject, letters: Sequence[Sequence[Letter]], device: str = "cpu"
) -> list[list[Drawn]]:
    """Every drawing of every column, read every way.

    Arguments:
        images: Shape (N, C, H, W), in [-1, 1].
        subject: What they show.
        letters: As `letters_of` has found.
        device: Where to read.
    """
    shown = [reading.show(images).chunk(len(letters), -1) for reading in asked_of(subject)]
    kinds = dict.fromkeys(letter.classifier for column in letters for letter in column)
    readers = {kind: kind.load(device) for kind in kinds}
    found = []
    for column in letters:
        right, likely = torch.ones(len(images), dtype=torch.bool), torch.zeros(len(images), dtype=torch.float64)
        for letter in column:
            clean, label = letter.classifier.schedule.level(0, 0), letter.classifier.label(letter.prompt)
            rows = fitted(shown[letter.reading][letter.place], letter.classifier).to(device).split(ROWS)
            with torch.inference_mode():
                logits = torch.cat([readers[letter.classifier].logits(some, clean) for some in rows]).double().cpu()
            right &= logits.argmax(-1) == label
            likely += logits.log_softmax(-1)[:, label]
        found.append([Drawn(bool(r), float(p), -k) for k, (r, p) in enumerate(zip(right, likely, strict=True))])
    return found


def best_columns(
    found: Sequence[Sequence[Drawn]], letters: Sequence[Sequence[Letter]], count: int
) -> list[tuple[int, ...]]:
    """The numbers of the samples that the columns of the best images are of, the best image first.

    Raises:
        RunError: If no drawing of a column is read right every way; names the weakest.
    """
    ranked = [sorted(column, reverse=True) for column in found]
    weak = sorted((column[0].likely, i) for i, column in enumerate(ranked) if not column[0].right)
    if weak:
        told = "; ".join(f"letter {i + 1}, {_told(letters[i])}" for _, i in weak)
        raise RunError(
            f"none of {len(found[0])} drawings is read right every way of {told}: draw more with --of into another "
            "folder, or choose other letters; the drawings are kept"
        )
    return [tuple(-column[place].before for column in ranked) for place in range(count)]


def _told(column: Sequence[Letter]) -> str:
    """``'a' and 'e'``: what a column should be, reading by reading."""
    return " and ".join(repr(letter.prompt) for letter in column)
