r"""Training batches as a function of (data, plan, step): nothing is read from a stream, so training resumes to the bit.

A batch is a glyph's ink coverage painted in two colours, a noise level for each, and its noise. Noise levels are spread
evenly over the batch (Kingma et al. 2021, arXiv:2107.00630, I.1): the same mean, a fraction of the variance.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

import attrs
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Array = npt.NDArray[Any]

#: Styles: black on white, random ink on random paper.
PLAIN, COLOUR = 0, 1

#: Below this RGB distance, with every channel in [0, 1], ink on paper is hard to read.
LEGIBLE = 0.5


class Batch(NamedTuple):
    """One step's questions: everything random about the step is in here.

    Attributes:
        clean: Images, shape (N, 3, H, W), in [-1, 1].
        label: Row of the class table, shape (N,): character + 62 * style, or 124 for no prompt.
        t: Noise levels, shape (N,), whole numbers in [0, 1000).
        noise: Unit normal, shaped as ``clean``.
    """

    clean: Tensor
    label: Tensor
    t: Tensor
    noise: Tensor


@attrs.frozen(eq=False)
class Glyphs:
    """A set of glyph images.

    Attributes:
        images: Ink coverage, shape (n, H, W), uint8; 255 is ink.
        labels: Index of each image's character, shape (n,).
        classes: The characters.
    """

    images: Array
    labels: Array
    classes: tuple[str, ...]

    @classmethod
    def read(cls, path: Path, hold_out: float = 0.0) -> tuple[Glyphs, Glyphs]:
        """The images to train on, and those of a share ``hold_out`` of the font families, always the same ones."""
        with np.load(path) as file:
            images, labels, fonts = file["images"], file["labels"], file["fonts"]
            classes = tuple(str(one) for one in file["classes"])
            families = [family(str(name)) for name in file["font_names"]]
        order = sorted(set(families), key=lambda name: hashlib.sha256(name.encode()).digest())
        kept = np.isin(families, order[: round(hold_out * len(order))])[fonts]
        return cls(images[~kept], labels[~kept], classes), cls(images[kept], labels[kept], classes)

    def batch(self, seed: int, step: int, size: int, unprompted: float, levels: int = 1000) -> Batch:
        """The batch of one step.

        Arguments:
            seed: Of the whole training.
            step: From 0.
            size: Images a batch.
            unprompted: Probability that an image goes without its prompt.
            levels: Number of noise levels.
        """
        rows = self._rows(seed, step, size)
        rng = np.random.default_rng([seed, step])
        style = rng.integers(PLAIN, COLOUR + 1, size)
        ink, paper = legible_pairs(rng, size)
        ink[style == PLAIN], paper[style == PLAIN] = 0.0, 1.0
        clean = paint(self.images[rows], ink, paper)
        label = self.labels[rows] + len(self.classes) * style
        label[rng.random(size) < unprompted] = len(self.classes) * len((PLAIN, COLOUR))
        t = rng.permutation((rng.random() + np.arange(size)) / size * levels).astype(np.int64)
        noise = rng.standard_normal(clean.shape, dtype=np.float32)
        return Batch(*map(torch.from_numpy, (clean, label, t, noise)))

    def _rows(self, seed: int, step: int, size: int) -> Array:
        """Each epoch is a fresh permutation of everything; a batch may straddle two."""
        count = len(self.images)
        places = range(step * size, (step + 1) * size)
        epochs = range(places[0] // count, places[-1] // count + 1)
        orders = {epoch: np.random.default_rng([seed, epoch, 1]).permutation(count) for epoch in epochs}
        return np.array([orders[place // count][place % count] for place in places])


def family(font: str) -> str:
    """What a font's file name shares with its relatives: its first five letters, so that none of them is missed."""
    return "".join(filter(str.isalpha, font.lower()))[:5]


def legible_pairs(rng: np.random.Generator, count: int) -> tuple[Array, Array]:
    """Random ink and paper, each (count, 3) in [0, 1], at least LEGIBLE apart."""
    ink, paper = rng.random((2, count, 3), dtype=np.float32)
    while (close := np.linalg.norm(ink - paper, axis=1) < LEGIBLE).any():
        ink[close], paper[close] = rng.random((2, int(close.sum()), 3), dtype=np.float32)
    return ink, paper


def paint(coverage: Array, ink: Array, paper: Array) -> Array:
    """Images in [-1, 1], shape (n, 3, H, W) float32, of ink coverage (n, H, W) uint8 and colours (n, 3) in [0, 1]."""
    share = coverage[:, None].astype(np.float32) / 255
    ink, paper = ink[:, :, None, None], paper[:, :, None, None]
    return np.ascontiguousarray(2 * (paper + share * (ink - paper)) - 1)
