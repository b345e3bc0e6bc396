"""Letters set as a word: each as high as its letter is in print, on one baseline, as far apart as they look.

Heights are those of print, with the x-height for unit: what has an ascender reaches half of it above, what has a
descender half of it below the baseline. A letter that is another one upside down needs what both need: the descender of
a letter that stands on its head is an ascender. So a word and its turned reading stand on baselines of their own.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import attrs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

#: A letter as ink: shape (H, W), from 0 for paper to 1.
Ink = NDArray[np.float64]
ASCENDING, DESCENDING = frozenset("bdfhijklt"), frozenset("gjpqy")
#: What reaches beyond the x-height, in x-heights.
BEYOND = 0.5
#: Space between two letters and around the word, in x-heights, and how far above and below a letter keeps it.
GAP, MARGIN, REACH = 0.16, 0.4, 0.08
#: Ink that is seen, and the least of a letter.
SEEN, LEAST = 0.5, 0.1


@attrs.frozen
class Zone:
    """Heights that a letter takes in print.

    Attributes:
        ascends: Whether it reaches above the x-height.
        descends: Whether it reaches below the baseline.
    """

    ascends: bool
    descends: bool

    @classmethod
    def of(cls, letters: Iterable[tuple[str, bool]]) -> Zone:
        """The zone of what is each of some letters, upright or (True) upside down."""
        tall = [(_ascends(letter), letter in DESCENDING, turned) for letter, turned in letters]
        return cls(any(d if turned else a for a, d, turned in tall), any(a if turned else d for a, d, turned in tall))

    @property
    def top(self) -> float:
        """Its upper end above the baseline, in x-heights."""
        return 1 + BEYOND * self.ascends

    @property
    def bottom(self) -> float:
        """Its lower end below the baseline, in x-heights."""
        return BEYOND * self.descends


def _ascends(letter: str) -> bool:
    return letter in ASCENDING or letter.isupper() or letter.isdigit()


def ink_of(picture: NDArray[np.float64]) -> Ink | None:
    """The ink of a picture (C, H, W) on whatever paper its edge shows, without what is around it; None for none."""
    edge = np.concatenate([picture[:, 0], picture[:, -1], picture[:, :, 0], picture[:, :, -1]], 1)
    away = np.abs(picture - np.median(edge, 1)[:, None, None]).max(0)
    if away.max() < LEAST:
        return None
    ink = away / away.max()
    rows, columns = (np.flatnonzero((ink > SEEN).any(axis)) for axis in (1, 0))
    # A pixel around it, where there is one, so that its edges can be drawn smooth.
    tall, wide = (slice(max(it[0] - 1, 0), it[-1] + 2) for it in (rows, columns))
    return np.pad(ink[tall, wide], 1)


def typeset(letters: Sequence[tuple[Ink, Zone]], height: int) -> NDArray[np.uint8]:
    """A word as pixels, (H, W): black on white.

    Arguments:
        letters: Its letters from left to right, each with its zone.
        height: The x-height in pixels.
    """
    drawn = [_drawn(ink, zone, height) for ink, zone in letters]
    whole = round((1 + 2 * BEYOND) * height)
    boxes = []
    for ink, (_, zone) in zip(drawn, letters, strict=True):
        box = np.zeros((whole, ink.shape[1]))
        top = round((1 + BEYOND - zone.top) * height)
        box[top : top + len(ink)] = ink[: whole - top]
        boxes.append(box)
    lefts = _kerned(boxes, round(GAP * height), round(REACH * height))
    margin = round(MARGIN * height)
    line = np.zeros((whole + 2 * margin, lefts[-1] + boxes[-1].shape[1] + 2 * margin))
    for box, left in zip(boxes, lefts, strict=True):
        here = line[margin : margin + whole, margin + left : margin + left + box.shape[1]]
        np.maximum(here, box, out=here)
    return (255 * (1 - line)).round().astype(np.uint8)


def _drawn(ink: Ink, zone: Zone, height: int) -> Ink:
    """A letter at the height of its zone, its edges as sharp as the pixels are: its box is what is seen of it."""
    tall = max(1, round((zone.top + zone.bottom) * height))
    factor = tall / np.ptp(np.flatnonzero((ink > SEEN).any(1)), keepdims=True)[0].clip(1)
    size = tuple(max(1, round(side * factor)) for side in reversed(ink.shape))
    large = np.asarray(Image.fromarray(ink.astype(np.float32)).resize(size, Image.Resampling.BICUBIC), np.float64)
    sharp = ((large - SEEN) * max(1.0, factor) + 0.5).clip(0, 1)
    rows, columns = (np.flatnonzero((sharp > SEEN).any(axis)) for axis in (1, 0))
    sharp = sharp[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    wide = max(1, round(sharp.shape[1] * tall / len(sharp)))
    exact = Image.fromarray(sharp.astype(np.float32)).resize((wide, tall), Image.Resampling.BILINEAR)
    return np.asarray(exact, np.float64)


def _kerned(boxes: Sequence[Ink], gap: int, reach: int) -> list[int]:
    """The left ends of the letters, such that the nearest parts of two neighbours are ``gap`` pixels apart."""
    lefts = [0]
    for before, after in itertools.pairwise(boxes):
        right, left = _edge(before[:, ::-1], reach), _edge(after, reach)
        near = np.minimum(right + left, before.shape[1] + after.shape[1]).min()
        lefts.append(lefts[-1] + max(before.shape[1] + gap - int(near), before.shape[1] // 2))
    return lefts


def _edge(box: Ink, reach: int) -> NDArray[np.int64]:
    """Pixels of paper before the ink of each row, or of one near by: rows without any have all."""
    seen = box > SEEN
    first = np.where(seen.any(1), seen.argmax(1), box.shape[1])
    padded = np.pad(first, reach, constant_values=box.shape[1])
    nearest: NDArray[np.int64] = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).min(1)
    return nearest
