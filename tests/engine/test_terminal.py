"""Strangers' words on a terminal: one line, bounded, and nothing in it that a terminal obeys."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from superpose import printable

anything = st.text(st.characters(), max_size=300)
#: What a terminal obeys, or shows in another order than it is read: controls, formats, halves of characters, line ends.
OBEYED = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(anything)
def test_nothing_that_a_terminal_obeys_is_left(text):
    assert not [c for c in printable(text) if unicodedata.category(c) in OBEYED and c not in "\u200c\u200d"]


@given(anything, st.integers(9, 400))
def test_the_length_is_bounded(text, limit):
    assert len(printable(text, limit)) <= 2 * limit + 1


@given(st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs"]), max_size=200))
def test_plain_words_of_any_language_stay_as_they_are(text):
    assert printable(text) == text


@pytest.mark.parametrize(
    ("evil", "shown"),
    [
        ("\x1b]0;owned\x07", r"\x1b]0;owned\x07"),
        ("a.png\nsuperpose: all is well", r"a.png\nsuperpose: all is well"),
        ("gpj.\u202egnp", r"gpj.\u202egnp"),
        ("\u2066x\u2069\u200f", r"\u2066x\u2069\u200f"),
        ("\x9b31m", r"\x9b31m"),
        ("bad byte \udcff", r"bad byte \udcff"),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"),
    ],
)
def test_known_tricks(evil, shown):
    assert printable(evil) == shown


@pytest.mark.parametrize("raised", [RuntimeError, SystemExit, GeneratorExit])
def test_an_error_that_cannot_be_shown_is_named(raised):
    class SulkyError(Exception):
        def __str__(self):
            raise raised

    assert printable(SulkyError()) == "<SulkyError that can't be shown>"
