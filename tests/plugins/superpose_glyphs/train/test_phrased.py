"""Glyphs are shown as their phrases say."""

from __future__ import annotations

import numpy as np
import torch

from superpose_glyphs.judge.words import called, inked
from superpose_glyphs.phrases import COLOURS, Vocabulary, read_phrase
from superpose_glyphs.train.batches import LEGIBLE, Images, Subject
from superpose_glyphs.train.phrased import JITTER, shown, vocabulary


def test_images_are_painted_as_phrases_say() -> None:
    ring = np.zeros((1, 32, 32), np.uint8)
    ring[0, 8:24, 8:24], ring[0, 12:20, 12:20] = 255, 0
    images = Images(ring, np.zeros(1, np.int64), Subject(), np.array(["Some-BoldItalic.otf"]))
    clean, said = shown(images, np.zeros(300, np.int64), np.random.default_rng(0))
    share, ink = inked(clean)
    assert torch.allclose(share, torch.from_numpy(ring / 255).float().expand_as(share), atol=1e-4)
    for words, name in zip(said, called(ink), strict=True):
        phrase = read_phrase(" ".join(words))
        assert phrase is not None
        assert (phrase.glyph, phrase.weight, phrase.italic) == ("A", "bold", True)
        assert name == (phrase.ink or "black")
    assert {len(words) for words in said} == {3, 5, 7}


def test_a_folders_images_are_shown_as_they_are() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), np.uint8)
    images = Images(pixels, np.array([0, 1, 0]), Subject(("red fox", "owl"), inked=False))
    clean, said = shown(images, np.array([2, 1]), np.random.default_rng(0))
    assert torch.equal(clean[1], torch.from_numpy(pixels[1]).permute(2, 0, 1) / 127.5 - 1)
    assert said == [("red", "fox"), ("owl",)]
    assert vocabulary(images.subject).words == ("", "fox", "owl", "red")


def test_colours_that_are_named_are_legible_and_near_their_names() -> None:
    """Ink is black and paper white where a phrase leaves them out."""
    pixels = np.zeros((1, 8, 8), np.uint8)
    pixels[0, 2:6, 2:6] = 255
    images = Images(pixels, np.zeros(1, np.int64), Subject(), np.array(["Some.otf"]))
    clean, said = shown(images, np.zeros(200, np.int64), np.random.default_rng(1))
    ink, paper = ((one.numpy() + 1) / 2 for one in (clean[:, :, 3, 3], clean[:, :, 0, 0]))
    for row, words in enumerate(said):
        phrase = read_phrase(" ".join(words))
        assert phrase is not None
        for found, name, left_out in ((ink[row], phrase.ink, 0.0), (paper[row], phrase.paper, 1.0)):
            want = np.full(3, left_out) if name is None else np.array(COLOURS[name])
            assert np.abs(found - want).max() <= (0 if name is None else JITTER) + 1e-6
    assert np.linalg.norm(ink - paper, axis=1).min() > LEGIBLE - 2 * JITTER * 3**0.5


def test_words_are_those_of_phrases_or_of_the_labels() -> None:
    assert vocabulary(Subject()) == Vocabulary()
    assert vocabulary(Subject(("red fox",), inked=False)).words == ("", "fox", "red")
