"""Captions of pictograms: what is shown, outlined or solid, in what ink on what paper.

``[outline|solid] [colour] WORD [in COLOUR] [on COLOUR]``, as in "cat", "outline cat", "colour cat", "solid cat in red
on yellow". What a caption leaves out is black on white, drawn either way; "colour" is any ink on any paper; "" is
anything.
"""

from __future__ import annotations

import difflib
from pathlib import Path

import attrs

from superpose import PromptError
from superpose_glyphs.names import names_in
from superpose_glyphs.phrases import COLOURS, INK, PAPER

DRAWN = ("outline", "solid")
COLOURED = ("colour", "color")

#: What the rows of the tables of inks and papers stand for, after the first, which says nothing.
COLOUR_ROWS = tuple(COLOURS)

#: Where a folder of weights lists its words.
WORDS_FILE = "words.json"

#: What `pictograms` knows, in the order of its table.
WORDS = (
    *("music note", "microphone", "lightning", "house", "star", "gear", "sun", "moon", "flag", "rocket"),
    *("headphones", "heart", "key", "bell", "eye", "bug", "hourglass", "airplane", "pencil", "trophy"),
    *("thumbs up", "thumbs down", "fire", "book", "coffee", "tree", "glasses", "lightbulb", "flower", "umbrella"),
    *("car", "shield", "cake", "anchor", "crown", "snowflake", "megaphone", "wrench", "cloud", "diamond"),
    *("scissors", "bicycle", "cat", "dog", "rabbit", "fish", "bird", "skull", "ghost", "mushroom"),
    *("castle", "guitar", "hand", "tooth", "leaf", "wine", "ice cream", "tent", "magnet", "lamp"),
)


@attrs.frozen
class Caption:
    """Meaning of a caption; None where it says nothing.

    Attributes:
        word: What is shown.
        drawing: "outline" or "solid".
        ink, paper: Names of `COLOURS`.
    """

    word: str | None = None
    drawing: str | None = None
    ink: str | None = None
    paper: str | None = None

    def rows(self, words: tuple[str, ...]) -> tuple[int, int, int, int]:
        """Rows of a network's four tables, of which the first row says nothing."""
        told = ((self.word, words), (self.drawing, DRAWN), (self.ink, COLOUR_ROWS), (self.paper, COLOUR_ROWS))
        word, drawing, ink, paper = (known.index(one) + 1 if one is not None else 0 for one, known in told)
        return word, drawing, ink, paper


def read_caption(text: str, words: tuple[str, ...] = WORDS) -> Caption:
    """Meaning of a prompt.

    Raises:
        ValueError: One line that says what is not understood, and what to write instead.
    """
    rest = text.split()
    if not rest:
        return Caption()
    drawing = coloured = None
    while rest and ((rest[0] in DRAWN and not drawing) or (rest[0] in COLOURED and not coloured)):
        first = rest.pop(0)
        drawing, coloured = (first, coloured) if first in DRAWN else (drawing, first)
    end = next((place for place, one in enumerate(rest) if one in (INK, PAPER)), len(rest))
    word, rest = " ".join(rest[:end]), rest[end:]
    if word not in words:
        near = difflib.get_close_matches(word, words, 3, cutoff=0)
        found = repr(word) if word else "nothing"
        raise ValueError(f"in {text!r}, {found} stands where a word was expected; nearest: {_listed(near)}")
    found_colours: dict[str, str | None] = {INK: None, PAPER: None}
    for by in found_colours:
        if rest[:1] == [by]:
            found_colours[by] = _colour(text, rest[1] if len(rest) > 1 else "")
            rest = rest[2:]
    if rest:
        raise ValueError(f"in {text!r}, {rest[0]!r} stands at the end: write nothing there, or 'in COLOUR on COLOUR'")
    ink, paper = found_colours.values()
    if coloured and (ink or paper):
        raise ValueError(f"in {text!r}, {coloured!r} is any colour: leave it out, or what follows {word!r}")
    if coloured:
        return Caption(word, drawing)
    return Caption(word, drawing, ink or "black", paper or "white")


def caption_of(text: str, words: tuple[str, ...]) -> Caption:
    """The same; `PromptError` for what is not understood."""
    try:
        return read_caption(text, words)
    except ValueError as error:
        raise PromptError(str(error)) from error


def words_of(folder: Path) -> tuple[str, ...]:
    """The words of a folder of weights."""
    return names_in(folder / WORDS_FILE)


def _colour(text: str, name: str) -> str:
    if name not in COLOURS:
        found = repr(name) if name else "nothing"
        raise ValueError(f"in {text!r}, {found} stands where a colour was expected: write one of {', '.join(COLOURS)}")
    return name


def _listed(names: list[str]) -> str:
    return ", ".join(map(repr, names))
