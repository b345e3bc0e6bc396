"""Phrases: what can be said, what is refused and how, and that images are painted as their phrases say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from superpose_glyphs.phrases import COLOURS, LENGTH, WEIGHTS, WORDS, Phrase, Vocabulary, read_phrase
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
