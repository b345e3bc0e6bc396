"""Mistakes in recipes: where each one is and how it is told."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import attrs

from superpose.errors import RecipeError
from superpose.recipe.where import KeyPath, Position


class Mistake(NamedTuple):
    """One mistake.

    Attributes:
        line: How it is told: ``ambigram.toml:7:1: scheduler.step: unknown key; did you mean 'steps'?``.
        path: What it is about: keys, and numbers of list items from 0; empty for the recipe as a whole.
        what: What is wrong.
    """

    line: str
    path: KeyPath
    what: str


class MistakesError(RecipeError):
    """All that is wrong with a recipe, in the order of the file, one line a mistake.

    Attributes:
        mistakes: The same, one by one.
    """

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__(*(mistake.line for mistake in self.mistakes))


class Override(NamedTuple):
    """An override that has been applied.

    Attributes:
        text: As typed, without ``--set``.
        target: The path it set.
        number: Its place among all overrides.
    """

    text: str
    target: KeyPath
    number: int


@attrs.frozen
class Source:
    """Positions of the values of a recipe in its file.

    Attributes:
        name: Name of the file; empty for a recipe made in Python.
    """

    name: str = ""
    #: Position of each path in the file.
    _spots: Mapping[KeyPath, Position] = attrs.field(factory=dict)
    #: The override that each path is from: its target, and tables made on the way.
    _sets: Mapping[KeyPath, Override] = attrs.field(factory=dict)

    def mistakes(self, found: Iterable[tuple[KeyPath, str]]) -> list[Mistake]:
        """The mistakes ``found``, as (path, what is wrong), in the order of the file, those in overrides last."""
        return [mistake for _, mistake in sorted(self.ranked(found), key=lambda pair: pair[0])]

    def ranked(self, found: Iterable[tuple[KeyPath, str]]) -> list[tuple[tuple[bool, int, int], Mistake]]:
        """The mistakes ``found``, each with what sorts it as `mistakes` does."""
        return [(self._rank(path), self._mistake(path, what)) for path, what in found]

    def moved(self, places: Mapping[KeyPath, KeyPath]) -> Source:
        """The same with the values at some paths said in other places of the file."""
        spots = {path: spot for path, spot in self._spots.items() if _longest(path, places) is None}
        sets = {path: one for path, one in self._sets.items() if _longest(path, places) is None}
        for path, place in places.items():
            if (override := self._override(place)) is not None:
                sets[path] = override
            else:
                spots[path] = self._position(place)
        return attrs.evolve(self, spots=spots, sets=sets)

    def _rank(self, path: KeyPath) -> tuple[bool, int, int]:
        override = self._override(path)
        return (False, *self._position(path)) if override is None else (True, override.number, 0)

    def _mistake(self, path: KeyPath, what: str) -> Mistake:
        override = self._override(path)
        if override is not None:
            parts = [f"--set {override.text}", dotted(path) if path != override.target else "", what]
        else:
            place = ":".join([self.name, *map(str, self._position(path))]) if self.name else ""
            parts = [place, dotted(path), what]
        return Mistake(": ".join(filter(None, parts)), path, what)

    def _override(self, path: KeyPath) -> Override | None:
        known = _longest(path, self._sets)
        return None if known is None else self._sets[known]

    def _position(self, path: KeyPath) -> Position:
        known = _longest(path, self._spots)
        return Position(1, 1) if known is None else self._spots[known]


def dotted(path: KeyPath) -> str:
    """``view.1.degrees``: a path as ``--set`` takes it, list items counted from 0."""
    return ".".join(
        step if isinstance(step, str) and re.fullmatch(r"[A-Za-z0-9_-]+", step) else json.dumps(step) for step in path
    )


def header(path: KeyPath) -> str:
    """``view.decomposition``: a path as the header of a table names it, without numbers."""
    return dotted(tuple(step for step in path if isinstance(step, str)))


def shown(value: object) -> str:
    """A TOML value as an error shows it."""
    match value:
        case bool():
            return "true" if value else "false"
        case dict():
            return "a table"
        case list():
            return "a list" if value else "an empty list"
        case str():
            return repr(value if len(value) <= 60 else value[:57] + "...")
        case datetime.date() | datetime.time():
            return f"a date or time ({value})"
        case _:
            return repr(value)


def _longest(path: KeyPath, known: Mapping[KeyPath, object]) -> KeyPath | None:
    return next((path[:n] for n in range(len(path), -1, -1) if path[:n] in known), None)
