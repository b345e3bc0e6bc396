"""Phrases: what can be said, what is refused and how, and that images are painted as their phrases say."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from superpose_glyphs.judge.words import called, inked
from superpose_glyphs.phrases import COLOURS, LENGTH, WEIGHTS, WORDS, Phrase, Vocabulary, read_phrase
from superpose_glyphs.train.batches import Images, Subject
from superpose_glyphs.train.phrased import shown, vocabulary
from superpose_glyphs.train.styles import styles
from superpose_glyphs.vocabulary import GLYPHS

phrases = st.builds(
    Phrase,
    st.sampled_from(GLYPHS),
    st.sampled_from((None, *WEIGHTS)),
    st.booleans(),
    st.sampled_from((None, *COLOURS)),
    st.sampled_from((None, *COLOURS)),
)


@given(phrases)
def test_a_phrase_is_read_as_it_is_said(phrase: Phrase) -> None:
    assert read_phrase(" ".join(phrase.words)) == phrase
    numbers = Vocabulary().read(" ".join(phrase.words))
    assert len(numbers) == LENGTH
    assert tuple(WORDS[number] for number in numbers if number) == phrase.words


@given(phrases, phrases)
def test_phrases_that_differ_have_other_numbers(one: Phrase, other: Phrase) -> None:
    assert (Vocabulary().numbers(one.words) == Vocabulary().numbers(other.words)) == (one == other)


def test_nothing_said_is_nothing() -> None:
    assert read_phrase("") is None
    assert Vocabulary().read("") == [0] * LENGTH


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        (
            "bald A",
            "'bald' stands where a letter or digit, such as .*, was expected; did you mean 'bold'?",
        ),
        ("bold", "the end stands where a letter or digit"),
        ("AB", "'AB' stands where a letter or digit"),
        ("A in rod", "'rod' stands where a colour: black, white, .* was expected; did you mean 'red'?"),
        ("A in", "the end stands where a colour"),
        (
            "A on red in blue",
            "'in' stands where nothing, or 'in COLOUR on COLOUR' in this order, was expected$",
        ),
        ("italic bold A", "'bold' stands where a letter or digit"),
    ],
)
def test_what_is_no_phrase(prompt: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Vocabulary().read(prompt)


def test_labels_of_ones_own() -> None:
    known = Vocabulary.of(("red fox", "grey owl", "fox"))
    assert known.words == ("", "fox", "grey", "owl", "red")
    assert known.read("owl red") == [3, 4, 0]
    with pytest.raises(ValueError, match="unknown word 'foxes' in 'red foxes'; nearest: 'fox'"):
        known.read("red foxes")
    with pytest.raises(ValueError, match="has 4 words: write 3 at most"):
        known.read("fox fox fox fox")


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


@pytest.mark.parametrize(
    ("font", "said"),
    [
        ("SourceCodePro-SemiboldIt.otf", {"bold", "italic", "mono"}),
        ("LinLibertine_RZI.otf", {"bold", "italic"}),
        ("LinBiolinum_R.otf", set()),
        ("drmitbx10.otf", {"bold", "italic"}),
        ("drmsc9.otf", set()),
        ("RobotoSerif_Condensed-ThinItalic.otf", {"light", "italic", "serif", "condensed"}),
        ("Boldoni-Regular.otf", set()),
        ("QTPeignoir-Lite.otf", {"light"}),
        ("Roboto-BlackItalic.ttf", {"bold", "italic"}),
    ],
)
def test_styles_in_the_names_of_fonts(font: str, said: set[str]) -> None:
    assert styles(font) == said
