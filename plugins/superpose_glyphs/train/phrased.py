"""Glyphs shown as phrases ask: painted in named colours, their weight and slant as their fonts' names say."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from superpose_glyphs.phrases import COLOURS, ITALIC, WEIGHTS, Phrase, Vocabulary
from superpose_glyphs.train.batches import LEGIBLE, Array, Images, Subject, paint
from superpose_glyphs.train.styles import styles

_NAMES = tuple(COLOURS)
_CENTRES = np.array([*COLOURS.values()], np.float32)

#: Named colours are met this far around, in each of red, green and blue.
JITTER = 0.05

#: Shares of phrases that name the colour of ink, and of paper.
_INKED, _PAPERED = 0.6, 0.45


def vocabulary(subject: Subject) -> Vocabulary:
    """The words of phrases, or of labels of one's own."""
    return Vocabulary() if subject.inked else Vocabulary.of(subject.classes)


def shown(images: Images, rows: Array, rng: np.random.Generator) -> tuple[Tensor, list[tuple[str, ...]]]:
    """Some images in [-1, 1], shape (n, 3, H, W), and what each shows, in words."""
    if not images.subject.inked:
        clean, _ = images.painted(rows, rng)
        return torch.from_numpy(clean), [tuple(images.subject.classes[label].split()) for label in images.labels[rows]]
    inks, papers = _pairs(rng, len(rows))
    clean = paint(images.pixels[rows], _painted(inks, 0.0, rng), _painted(papers, 1.0, rng))
    phrases = [
        _phrase(images.subject.classes[images.labels[row]], str(images.sources[row]), ink, paper)
        for row, ink, paper in zip(rows, inks, papers, strict=True)
    ]
    return torch.from_numpy(clean), [phrase.words for phrase in phrases]


def _phrase(glyph: str, font: str, ink: int, paper: int) -> Phrase:
    said = styles(font)
    weight = next((word for word in WEIGHTS if word in said), None)
    names = (None if colour < 0 else _NAMES[colour] for colour in (ink, paper))
    return Phrase(glyph, weight, ITALIC in said, *names)


def _pairs(rng: np.random.Generator, count: int) -> tuple[Array, Array]:
    """Numbers of the colours of ink and paper that can be read together; -1 where the phrase leaves them out."""

    def draw(size: int) -> Array:
        named = rng.random((2, size)) < np.array([[_INKED], [_PAPERED]])
        return np.where(named, rng.integers(0, len(_NAMES), (2, size)), -1)

    pairs = draw(count)
    while (close := _distance(*pairs) < LEGIBLE).any():
        pairs[:, close] = draw(int(close.sum()))
    return pairs[0], pairs[1]


def _distance(inks: Array, papers: Array) -> Array:
    apart: Array = np.linalg.norm(_centres(inks, 0.0) - _centres(papers, 1.0), axis=1)
    return apart


def _centres(colours: Array, left_out: float) -> Array:
    return np.where(colours[:, None] < 0, np.float32(left_out), _CENTRES[colours])


def _painted(colours: Array, left_out: float, rng: np.random.Generator) -> Array:
    """RGB (n, 3) of colours; of those that are left out the same each time."""
    around = rng.uniform(-JITTER, JITTER, (len(colours), 3)).astype(np.float32)
    centres = _centres(colours, left_out)
    return np.where(colours[:, None] < 0, centres, np.clip(centres + around, 0, 1))
