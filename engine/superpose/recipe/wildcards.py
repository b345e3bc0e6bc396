"""Wildcards in prompts: ``{cat|dog}`` and ``__animals__`` become one of their words, another for each sample.

Which one is a function of (seed, sample, place of the prompt, number of the wildcard in it): no other sample, axis or
machine has a part in it. A name between double underscores is a text beside the recipe, a choice on each line.
"""

from __future__ import annotations

import hashlib
import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from superpose.recipe.axes import lines_of
from superpose.recipe.mistakes import dotted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from superpose.recipe.subject import Subject
    from superpose.recipe.where import KeyPath

#: Wildcards that one prompt may lead to, those that stand in the words of others among them.
MOST = 100
_CHOICE = re.compile(r"\{([^{}]*\|[^{}]*)\}|__([A-Za-z0-9][A-Za-z0-9-]*(?:_[A-Za-z0-9-]+)*)__")


@attrs.frozen(eq=False)
class Wildcards:
    """The wildcards of a recipe.

    Attributes:
        folder: Where the texts are that they name.
    """

    folder: Path

    @cached_property
    def _lines(self) -> dict[str, list[str]]:
        return {}

    def resolved(self, subject: Subject, seed: int, sample: int) -> Subject:
        """What a sample shows: the subject with a word in the place of each wildcard.

        Raises:
            ValueError: If a text that one names has no line, or words lead to wildcards without end.
            RecipeError: If a text can't be read.
        """
        return self._within(subject, seed, sample, ())

    def _within(self, subject: Subject, seed: int, sample: int, path: KeyPath) -> Subject:
        places = iter([(*path, *place) for place, _ in subject.placed])
        own: dict[str, Any] = {
            key: self.chosen(text, f"{seed}/{sample}/{dotted((*path, key))}")
            for key in ("prompt", "negative")
            if (text := getattr(subject, key)) is not None
        }
        if subject.interpolate is not None:
            key = f"{seed}/{sample}/{dotted((*path, 'interpolate', 'to'))}"
            own["interpolate"] = attrs.evolve(subject.interpolate, to=self.chosen(subject.interpolate.to, key))
        return subject.mapped(lambda inner: self._within(inner, seed, sample, next(places)), **own)

    def chosen(self, text: str, key: str) -> str:
        """A text with a word in the place of each wildcard, innermost first."""
        for number in range(MOST):
            found = _CHOICE.search(text)
            if found is None:
                return text
            words = found[1].split("|") if found[1] is not None else self.lines(found[2])
            digest = hashlib.sha256(f"{key}/{number}".encode()).digest()
            word = words[int.from_bytes(digest[:8]) % len(words)]
            text = text[: found.start()] + word.strip() + text[found.end() :]
        raise ValueError(f"more than {MOST} wildcards follow from one prompt: does a text of words name itself?")

    def lines(self, name: str) -> list[str]:
        """The choices of a name."""
        if name not in self._lines:
            self._lines[name] = lines_of(self.folder / f"{name}.txt")
            if not self._lines[name]:
                raise ValueError(f"__{name}__: {self.folder / name}.txt has no line to choose from")
        return self._lines[name]

    @property
    def files(self) -> Iterator[Path]:
        """The texts that were read."""
        return (self.folder / f"{name}.txt" for name in self._lines)


def has_wildcards(subject: Subject) -> bool:
    """True where a prompt of the subject, or of one inside it, has a wildcard."""
    end = None if subject.interpolate is None else subject.interpolate.to
    texts = (subject.prompt, end, subject.negative)
    return any(text is not None and _CHOICE.search(text) for text in texts) or any(map(has_wildcards, subject.inner))
