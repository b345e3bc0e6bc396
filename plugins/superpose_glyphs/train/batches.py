r"""Training batches as a function of (data, plan, step): nothing is read from a stream, so training resumes to the bit.

A batch is a glyph's ink coverage painted in two colours (or somebody's own image as it is), a noise level for each, and
its noise. Noise levels are spread evenly over the batch (Kingma et al. 2021, arXiv:2107.00630, I.1): the same mean, a
fraction of the variance.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import attrs
import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from superpose_glyphs.train.freedom import Freedom
from superpose_glyphs.vocabulary import GLYPHS

Array = npt.NDArray[Any]

#: Styles: black on white, random ink on random paper.
PLAIN, COLOUR = 0, 1

#: Below this RGB distance, with every channel in [0, 1], ink on paper is hard to read.
LEGIBLE = 0.5


class Batch(NamedTuple):
    """One step's questions: everything random about the step is in here.

    Attributes:
        clean: Images, shape (N, 3, H, W), in [-1, 1].
        label: The prompt's number, shape (N,): see `Subject.prompts`.
        t: Noise levels, shape (N,), whole numbers in [0, 1000).
        noise: Unit normal, shaped as ``clean``.
    """

    clean: Tensor
    label: Tensor
    t: Tensor
    noise: Tensor


def _tuple(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(names)


@attrs.frozen
class Subject:
    """Content of a set of images.

    Attributes:
        classes: Names of the classes.
        inked: Whether images are ink coverage, to be painted, plain or in colour; otherwise they are in colour already.
    """

    classes: tuple[str, ...] = attrs.field(default=tuple(GLYPHS), converter=_tuple)
    inked: bool = True

    @property
    def styles(self) -> int:
        """In how many styles each class is shown."""
        return len((PLAIN, COLOUR)) if self.inked else 1

    @property
    def prompts(self) -> tuple[str, ...]:
        """Every prompt in the order of the rows of a class table; the last says nothing."""
        coloured = tuple(f"colour {name}" for name in self.classes) if self.inked else ()
        return (*self.classes, *coloured, "")


@attrs.frozen(eq=False)
class Images:
    """A set of images.

    Attributes:
        pixels: Ink coverage (n, H, W), 255 is ink, or colours (n, H, W, 3); uint8.
        labels: Index of each image's class, shape (n,).
        subject: What they show.
        sources: The font, the icon set or the file that each image is from, shape (n,).
        styles: Whether each image is an outline (1) or solid (0), where that is known, shape (n,).
    """

    pixels: Array
    labels: Array
    subject: Subject = attrs.field(factory=Subject)
    sources: Array = attrs.field(factory=lambda: np.empty(0, np.str_))
    styles: Array = attrs.field(factory=lambda: np.empty(0, np.uint8))

    @classmethod
    def read(cls, path: Path, hold_out: float = 0.0, side: int = 32) -> tuple[Images, Images]:
        """The images to train on, and those of a share ``hold_out`` of the families, always the same ones.

        Arguments:
            path: An npz file of glyphs or pictograms (``images``, ``labels``, ``fonts``, ``font_names``, ``classes``;
                of pictograms also ``styles``), or a folder of images with a file ``labels.csv``: a row ``file,label``
                for each.
            hold_out: Share of the font families, or of a folder's images.
            side: To which a folder's images are resized.

        Raises:
            ValueError: The folder has no labels, or names a file that is not there.
        """
        styles: Array | None = None
        if path.is_dir():
            pixels, names, files = _folder(path, side)
            subject, families = Subject(tuple(sorted(set(names))), inked=False), files
            labels, owners = np.array([subject.classes.index(name) for name in names]), np.arange(len(files))
        else:
            with np.load(path) as file:
                pixels, labels, owners = file["images"], file["labels"].astype(np.int64), file["fonts"]
                subject = Subject(tuple(map(str, file["classes"])))
                files = [str(name) for name in file["font_names"]]
                families = [family(name) for name in files]
                styles = file.get("styles")
        order = sorted(set(families), key=lambda name: hashlib.sha256(name.encode()).digest())
        kept = np.isin(families, order[: round(hold_out * len(order))])[owners]
        sources = np.array(files)[owners]
        if styles is None:
            styles = np.zeros(len(labels), np.uint8)
        seen, unseen = (cls(pixels[part], labels[part], subject, sources[part], styles[part]) for part in (~kept, kept))
        return seen, unseen

    def only(self, classes: tuple[str, ...]) -> Images:
        """Those of some classes, in their order.

        Raises:
            ValueError: One of them is not shown.
        """
        missing = sorted(set(classes) - set(self.subject.classes))
        if missing:
            raise ValueError(f"no image shows {missing[0]!r}: this model is trained on data that has all its words")
        numbers = np.full(len(self.subject.classes), -1)
        numbers[[self.subject.classes.index(name) for name in classes]] = np.arange(len(classes))
        labels = numbers[self.labels]
        part = labels >= 0
        subject = attrs.evolve(self.subject, classes=classes)
        return Images(self.pixels[part], labels[part], subject, self.sources[part], self.styles[part])

    def moved(self, rows: Array, freedom: Freedom, rng: np.random.Generator) -> Images:
        """Some of them, each moved in its own way."""
        pixels = freedom.moved(self.pixels[rows], rng)
        return attrs.evolve(
            self, pixels=pixels, labels=self.labels[rows], sources=self.sources[rows], styles=self.styles[rows]
        )

    def evenly(self, rng: np.random.Generator, size: int) -> Array:
        """Rows drawn at random so that what is rare is not lost: each class in each style by the root of its images."""
        kinds = 2 * self.labels + self.styles
        share = np.cumsum(1 / np.sqrt(np.bincount(kinds)[kinds]))
        rows: Array = np.searchsorted(share, rng.random(size) * share[-1])
        return rows

    def batch(self, seed: int, step: int, size: int, unprompted: float, levels: int = 1000) -> Batch:
        """The batch of one step.

        Arguments:
            seed: Of the whole training.
            step: From 0.
            size: Images a batch.
            unprompted: Probability that an image goes without its prompt.
            levels: Number of noise levels.
        """
        rows = self.rows(seed, step, size)
        rng = np.random.default_rng([seed, step])
        clean, style = self.painted(rows, rng)
        label = self.labels[rows] + len(self.subject.classes) * style
        label[rng.random(size) < unprompted] = len(self.subject.prompts) - 1
        t = spread(rng, size, levels)
        noise = rng.standard_normal(clean.shape, dtype=np.float32)
        return Batch(*map(torch.from_numpy, (clean, label, t, noise)))

    def painted(self, rows: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        """Some images in [-1, 1], shape (n, 3, H, W), and the style of each: half plain, half in colour."""
        if not self.subject.inked:
            bright = self.pixels[rows].transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1
            return np.ascontiguousarray(bright), np.zeros(len(rows), np.int64)
        style = rng.integers(PLAIN, COLOUR + 1, len(rows))
        ink, paper = legible_pairs(rng, len(rows))
        ink[style == PLAIN], paper[style == PLAIN] = 0.0, 1.0
        return paint(self.pixels[rows], ink, paper), style

    def rows(self, seed: int, step: int, size: int) -> Array:
        """Which images a step shows: each epoch is a fresh permutation of everything; a batch may straddle two."""
        count = len(self.pixels)
        places = range(step * size, (step + 1) * size)
        epochs = range(places[0] // count, places[-1] // count + 1)
        orders = {epoch: np.random.default_rng([seed, epoch, 1]).permutation(count) for epoch in epochs}
        return np.array([orders[place // count][place % count] for place in places])


def spread(rng: np.random.Generator, size: int, levels: int) -> Array:
    """A noise level for each of a batch, in [0, levels), evenly spread over all of them."""
    return rng.permutation((rng.random() + np.arange(size)) / size * levels).astype(np.int64)


def family(font: str) -> str:
    """Stem that a font's file name shares with its relatives: five letters, so that none of them is missed."""
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


def _folder(path: Path, side: int) -> tuple[Array, list[str], list[str]]:
    """A folder's images (n, side, side, 3), their labels and their files."""
    listed = path / "labels.csv"
    if not listed.exists():
        raise ValueError(f"{path} has no labels.csv: write one, with a row 'file,label' for each image")
    with listed.open(newline="", encoding="utf-8") as file:
        found = [row for row in csv.reader(file) if row]
    if wrong := next((row for row in found if len(row) != 2), None):
        raise ValueError(f"{listed} has the row {','.join(wrong)!r}: write 'file,label'")
    rows = [(file, label) for file, label in found if (file, label) != ("file", "label")]
    for name, _ in rows:
        if not (path / name).is_file():
            raise ValueError(f"{listed} names {name!r}, which is not in {path}")
    if not rows:
        raise ValueError(f"{listed} names no image: write a row 'file,label' for each")
    small = [Image.open(path / name).convert("RGB").resize((side, side), Image.Resampling.LANCZOS) for name, _ in rows]
    return np.stack([np.asarray(one) for one in small]), [label for _, label in rows], [name for name, _ in rows]
