"""Captions: what they mean, and what is said of those that mean nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from superpose import PromptError, refuse
from superpose_glyphs.captions import COLOUR_ROWS, WORDS, Caption, read_caption
from superpose_glyphs.phrases import COLOURS
from superpose_glyphs.pictograms import Pictograms


@pytest.mark.parametrize(
    ("text", "caption"),
    [
        ("", Caption()),
        ("cat", Caption("cat", ink="black", paper="white")),
        ("ice cream", Caption("ice cream", ink="black", paper="white")),
        ("outline cat", Caption("cat", "outline", "black", "white")),
        ("colour cat", Caption("cat")),
        ("color solid thumbs up", Caption("thumbs up", "solid")),
        ("solid colour thumbs up", Caption("thumbs up", "solid")),
        ("cat in red", Caption("cat", ink="red", paper="white")),
        ("cat on blue", Caption("cat", ink="black", paper="blue")),
        ("outline cat in red on yellow", Caption("cat", "outline", "red", "yellow")),
    ],
)
def test_captions(text: str, caption: Caption) -> None:
    assert read_caption(text) == caption


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("cats", "'cats' stands where a word was expected; nearest: 'cat'"),
        ("outline", "nothing stands where a word"),
        ("outline solid cat", "'solid cat' stands where a word"),
        ("cat in rad", "'rad' stands where a colour was expected: write one of black, white"),
        ("cat on", "nothing stands where a colour"),
        ("cat on red in blue", "'in' stands at the end: write nothing there, or 'in COLOUR on COLOUR'"),
        ("colour cat in red", "'colour' is any colour: leave it out"),
    ],
)
def test_captions_that_are_none_say_why(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_caption(text)
    with pytest.raises(PromptError, match=why):
        refuse(Pictograms().prompt_problems(text), PromptError)


def test_every_caption_has_rows_of_its_own() -> None:
    texts = [
        "",
        "cat",
        "dog",
        "outline cat",
        "solid cat",
        "colour cat",
        "cat in red",
        "cat on red",
        "cat in red on blue",
    ]
    rows = [read_caption(text).rows(WORDS) for text in texts]
    assert rows[0] == (0, 0, 0, 0)
    assert len(set(rows)) == len(texts)


COLOUR = st.none() | st.sampled_from(sorted(COLOURS))


@given(st.sampled_from(WORDS), st.sampled_from(["", "outline ", "solid "]), COLOUR, COLOUR)
def test_whatever_can_be_said_is_read(word: str, drawing: str, ink: str | None, paper: str | None) -> None:
    text = f"{drawing}{word}" + (f" in {ink}" if ink else "") + (f" on {paper}" if paper else "")
    caption = read_caption(text)
    assert caption == Caption(word, drawing.strip() or None, ink or "black", paper or "white")
    rows = caption.rows(WORDS)
    assert (WORDS[rows[0] - 1], rows[1]) == (word, ["", "outline ", "solid "].index(drawing))
    assert [COLOUR_ROWS[row - 1] for row in rows[2:]] == [caption.ink, caption.paper]


@given(st.text(max_size=20))
def test_whatever_is_said_is_read_or_refused_in_a_line(text: str) -> None:
    try:
        caption, told = read_caption(text), ""
    except ValueError as error:
        caption, told = Caption(), str(error)
    assert caption.word in (*WORDS, None)
    assert "\n" not in told
