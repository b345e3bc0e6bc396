"""A wide canvas as a row of letters: the columns of N pictures as N times as many pictures, and back."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Reading, Shape


def wide(shape: Shape, letters: int) -> Shape:
    """(C, H, W) of so many pictures beside each other."""
    channels, height, width = shape
    return channels, height, width * letters


def apart(x: Tensor, letters: int) -> Tensor:
    """Each column by itself, those of a row together: (N, C, H, n W) to (N n, C, H, W)."""
    # Contiguous, so that networks go the same way, and give the same bits, as for a letter alone.
    letter: Tensor = x.unflatten(-1, (letters, -1)).movedim(-2, 1).flatten(0, 1).contiguous()
    return letter


def beside(x: Tensor, letters: int) -> Tensor:
    """The columns beside each other again: (N n, C, H, W) to (N, C, H, n W)."""
    canvas: Tensor = x.unflatten(0, (-1, letters)).movedim(1, -2).flatten(-2).contiguous()
    return canvas


class Turned(NamedTuple):
    """A letter that is to be another one upside down.

    Attributes:
        column: Where it is in the reading that shows it upright.
        upright: What it should be there.
        other: What it should be upside down.
    """

    column: int
    upright: str
    other: str


def turned(readings: Sequence[Reading], shape: Shape, letters: int) -> Iterator[Turned]:
    """The letters that two readings of an image show upside down to each other, each pair of them once.

    Arguments:
        readings: What the image is to show.
        shape: (C, H, n W) of the image.
        letters: n.
    """
    import torch

    canvas = torch.rand(1, *shape, generator=torch.Generator().manual_seed(0))
    shown = [
        (reading.prompt, apart(seen, letters))
        for reading in readings
        if reading.prompt and len(reading.prompt) == letters and (seen := reading.show(canvas)).shape == canvas.shape
    ]
    known: set[frozenset[str]] = set()
    for (one, seen), (other, after) in itertools.combinations(shown, 2):
        for i, j in itertools.product(range(letters), repeat=2):
            pair = frozenset((one[i], other[j]))
            if pair not in known and torch.equal(seen[i].flip(1, 2), after[j]):
                known.add(pair)
                yield Turned(i, one[i], other[j])
