"""Words that are nearly right: the nearest known one, whatever its case, and the list where none is near."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from superpose.kinds.spelling import nearest, suggestion

KNOWN = ("ddim", "ddpm", "Euler", "dpmpp-sde")


@pytest.mark.parametrize(("word", "meant"), [("ddmi", "ddim"), ("DDPM", "ddpm"), ("eluer", "Euler"), ("xyzzy", None)])
def test_the_nearest(word, meant):
    assert nearest(word, KNOWN) == meant


@given(st.sampled_from(KNOWN), st.data())
def test_letters_that_changed_places_are_the_same_letters(word, data):
    i = data.draw(st.integers(0, len(word) - 2))
    swapped = word[:i] + word[i + 1] + word[i] + word[i + 2 :]
    assert nearest(swapped, KNOWN) == word


def test_the_end_of_an_error():
    assert suggestion("ddmi", KNOWN) == "; did you mean 'ddim'?"
    assert suggestion("xyzzy", KNOWN) == "; known: Euler, ddim, ddpm, dpmpp-sde"
    assert suggestion("xyzzy", ()) == "; none is known"
