"""Phrases about one glyph: how heavy it is, whether it slants, and the colours of ink and paper.

``[light|bold] [italic] GLYPH [in COLOUR] [on COLOUR]``, as in "A", "bold A", "light italic A in red on yellow". What a
phrase leaves out is an upright glyph of no particular weight, black on white; "" is anything.
"""

from __future__ import annotations

import difflib
from types import MappingProxyType

import attrs

from superpose_glyphs.vocabulary import GLYPHS

WEIGHTS = ("light", "bold")
ITALIC, INK, PAPER = "italic", "in", "on"

#: What is called so: RGB in [0, 1].
COLOURS = MappingProxyType(
    {
        "black": (0.04, 0.04, 0.04),
        "white": (0.98, 0.98, 0.98),
        "grey": (0.50, 0.50, 0.50),
        "red": (0.86, 0.10, 0.10),
        "orange": (0.98, 0.55, 0.05),
        "yellow": (0.97, 0.88, 0.12),
        "green": (0.10, 0.60, 0.20),
        "cyan": (0.15, 0.80, 0.85),
        "blue": (0.12, 0.25, 0.85),
        "purple": (0.50, 0.15, 0.65),
        "pink": (0.97, 0.55, 0.75),
        "brown": (0.45, 0.27, 0.12),
    }
)


@attrs.frozen
class Phrase:
    """Meaning of a phrase; None where it says nothing.

    Attributes:
        glyph: One of `GLYPHS`.
        weight: "light" or "bold".
        italic: Whether the glyph slants.
        ink, paper: Names of `COLOURS`.
    """

    glyph: str
    weight: str | None = None
    italic: bool = False
    ink: str | None = None
    paper: str | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """Its words, in order."""
        inked, papered = ((by, name) if name else () for by, name in ((INK, self.ink), (PAPER, self.paper)))
        style = (*((self.weight,) if self.weight else ()), *((ITALIC,) if self.italic else ()))
        return (*style, self.glyph, *inked, *papered)


#: Every word by its number; "" fills up a phrase.
WORDS = ("", *WEIGHTS, ITALIC, INK, PAPER, *COLOURS, *GLYPHS)

#: Words of the longest phrase, and one more: there is always room for "".
LENGTH = 8


def read_phrase(text: str) -> Phrase | None:
    """Meaning of a prompt; None for "".

    Raises:
        ValueError: One line that says which word is not understood, and what stands in its place.
    """
    words = text.split()
    if not words:
        return None
    weight = words.pop(0) if words[0] in WEIGHTS else None
    italic = words[:1] == [ITALIC]
    glyph, *rest = words[italic:] or [""]
    if len(glyph) != 1 or glyph not in GLYPHS:
        raise ValueError(_unknown(text, glyph, (*WEIGHTS, ITALIC), "a letter or digit, such as in 'bold A in red',"))
    found: dict[str, str | None] = {INK: None, PAPER: None}
    for by in found:
        if rest[:1] == [by]:
            found[by] = _colour(text, rest[1] if len(rest) > 1 else "")
            rest = rest[2:]
    if rest:
        raise ValueError(_unknown(text, rest[0], (INK, PAPER), "nothing, or 'in COLOUR on COLOUR' in this order,"))
    return Phrase(glyph, weight, italic, found[INK], found[PAPER])


@attrs.frozen
class Vocabulary:
    """The words a model knows, in the order of their numbers; the first is "", which fills up.

    Attributes:
        words: All of them.
        length: Words of a prompt, filled up.
    """

    words: tuple[str, ...] = WORDS
    length: int = LENGTH

    @classmethod
    def of(cls, labels: tuple[str, ...]) -> Vocabulary:
        """Of labels of one's own, in any words."""
        each = [label.split() for label in labels]
        return cls(("", *sorted({word for words in each for word in words})), max(map(len, each)) + 1)

    def numbers(self, words: tuple[str, ...]) -> list[int]:
        """Words as their numbers, filled up."""
        return [self.words.index(word) for word in words] + [0] * (self.length - len(words))

    def read(self, prompt: str) -> list[int]:
        """A prompt as numbers of words, filled up.

        Raises:
            ValueError: One line that says which word is not known, or what is wrong with the phrase.
        """
        words = tuple(prompt.split())
        if self.words == WORDS:
            read_phrase(prompt)
        for word in words:
            if word not in self.words:
                near = difflib.get_close_matches(word, self.words[1:], 3, cutoff=0)
                raise ValueError(f"unknown word {word!r} in {prompt!r}; nearest: {', '.join(map(repr, near))}")
        if len(words) > self.length:
            raise ValueError(f"{prompt!r} has {len(words)} words: write {self.length} at most")
        return self.numbers(words)


def _colour(text: str, word: str) -> str:
    if word not in COLOURS:
        raise ValueError(_unknown(text, word, tuple(COLOURS), "a colour: " + ", ".join(COLOURS)))
    return word


def _unknown(text: str, word: str, known: tuple[str, ...], wanted: str) -> str:
    near = [one for one in difflib.get_close_matches(word, known, 1) if one != word]
    found = repr(word) if word else "the end"
    return f"in {text!r}, {found} stands where {wanted} was expected" + (f"; did you mean {near[0]!r}?" if near else "")
