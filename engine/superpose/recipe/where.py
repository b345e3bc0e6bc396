"""Positions of the values in a TOML file.

`tomllib` forgets positions. Given a document that `tomllib` has *already accepted*, `locate` finds the 1-based line and
column of every key and list item again, under the path that `tomllib` gives it; so it needs no error handling.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Callable
from typing import NamedTuple

#: A place in a recipe: the keys on the way, and numbers of list items from 0, such as ``("view", 1, "degrees")``.
KeyPath = tuple[str | int, ...]
#: A table as `tomllib` reads it.
TomlTable = dict[str, object]


class Position(NamedTuple):
    """A position in a text; both numbers count from 1, and a tab is one column."""

    line: int
    column: int


_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
# A multi-line string may end in up to two quotes of its own before the three that close it.
_STRING = re.compile(r'"""(?:\\.|[^\\])*?"{3,5}|' r"'''.*?'{3,5}|" r'"(?:\\.|[^"\\])*"|' r"'[^']*'", re.DOTALL)
_SCALAR = re.compile(r"[^,\]}#\r\n]+")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def locate(text: str) -> dict[KeyPath, Position]:
    """The position of every path of the valid TOML document ``text``.

    A table is where its first header or key is; an item of an array of tables is where its ``[[header]]`` is.
    """
    return _Walk(text).document()


def position_of(text: str, path: KeyPath) -> Position:
    """The position of one path of the valid TOML document ``text``; no more of it is walked through than is needed."""
    try:
        _Walk(text, path).document()
    except _Found as found:
        return found.position
    raise KeyError(path)


def too_deep(text: str, depth: int) -> Position:
    """Position where ``text`` first opens more than ``depth`` brackets in each other; its beginning otherwise."""
    opened = 0
    for token in _outside_strings("[][{}]").finditer(text):
        opened += (token[0] in "[{") - (token[0] in "]}")
        if opened > depth:
            return _Walk(text).position(token.start())
    return Position(1, 1)


def too_long(text: str, digits: int) -> Position:
    """Position where ``text`` first has a number of more digits than ``digits``; its beginning otherwise."""
    numbers = _outside_strings(r"\d[\d_]*").finditer(text)
    long = (token.start() for token in numbers if token[0][0].isdecimal() and len(token[0].replace("_", "")) > digits)
    return _Walk(text).position(next(long, 0))


def _outside_strings(pattern: str) -> re.Pattern[str]:
    """Strings, comments, and what else ``pattern`` finds."""
    return re.compile(rf"{_STRING.pattern}|#[^\n]*|{pattern}", re.DOTALL)


class _Found(Exception):  # noqa: N818  (ends a walk, and is no error)
    """The position that was sought."""

    def __init__(self, position: Position) -> None:
        super().__init__(position)
        self.position = position


class _Walk:
    """One pass over a document, by recursive descent."""

    def __init__(self, text: str, sought: KeyPath | None = None) -> None:
        self.text = text
        self.sought = sought
        self.at = 0
        self.spots: dict[KeyPath, Position] = {}
        self.newest_item: dict[KeyPath, int] = {}
        self.line_starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def document(self) -> dict[KeyPath, Position]:
        table: KeyPath = ()
        self.skip(_BLANK)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)
            self.skip(_BLANK)
        return self.spots

    def header(self) -> KeyPath:
        start = self.at
        is_item = self.text.startswith("[[", start)
        self.at += 1 + is_item
        *parents, name = self.key()
        self.at += 1 + is_item
        path: KeyPath = ()
        for parent in parents:
            self.mark((*path, parent), start)
            path = self.newest((*path, parent))
        path = (*path, name)
        if is_item:
            self.newest_item[path] = self.newest_item.get(path, -1) + 1
        self.mark(path, start)
        path = self.newest(path)
        self.mark(path, start)
        return path

    def pair(self, table: KeyPath) -> None:
        start = self.at
        path = table
        for part in self.key():
            path = (*path, part)
            self.mark(path, start)
        self.at += 1  # the equals sign
        self.value(path)

    def value(self, path: KeyPath) -> None:
        self.skip(_BLANK)
        match self.text[self.at]:
            case "[":
                self.items("]", lambda index: self.item((*path, index)))
            case "{":
                self.items("}", lambda _: self.pair(path))
            case '"' | "'":
                self.skip(_STRING)
            case _:
                self.skip(_SCALAR)

    def item(self, path: KeyPath) -> None:
        self.mark(path, self.at)
        self.value(path)

    def items(self, closing: str, read: Callable[[int], None]) -> None:
        self.at += 1
        index = 0
        self.skip(_BLANK)
        while self.text[self.at] != closing:
            read(index)
            index += 1
            self.skip(_BLANK)
            if self.text[self.at] == ",":
                self.at += 1
                self.skip(_BLANK)
        self.at += 1

    def key(self) -> list[str]:
        parts: list[str] = []
        while True:
            self.skip(_BLANK)
            start = self.at
            quoted = self.text[start] in "\"'"
            self.skip(_STRING if quoted else _BARE)
            raw = self.text[start : self.at]
            parts.append(tomllib.loads(f"key = {raw}")["key"] if quoted else raw)
            self.skip(_BLANK)
            if self.text[self.at] != ".":
                return parts
            self.at += 1

    def newest(self, path: KeyPath) -> KeyPath:
        return (*path, self.newest_item[path]) if path in self.newest_item else path

    def skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self.text, self.at)
        assert found is not None, f"not TOML at {self.position(self.at)}"  # noqa: S101  (tomllib has accepted the text)
        self.at = found.end()

    def mark(self, path: KeyPath, at: int) -> None:
        if path not in self.spots:
            self.spots[path] = self.position(at)
            if path == self.sought:
                raise _Found(self.spots[path])

    def position(self, at: int) -> Position:
        line = bisect_right(self.line_starts, at)
        return Position(line, at - self.line_starts[line - 1] + 1)
