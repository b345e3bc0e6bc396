"""Paths that name several files: a pattern such as ``frames/*.png``, or a film, whose frames are files.

A recipe that has one stands for as many recipes as there are files: see `superpose.running.several`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from superpose.recipe.tables import Recipe

#: Ends of the names of films, and of those that are one where they have several frames.
FILMS, PERHAPS = (".mp4",), (".gif", ".webp")
_MAGIC = re.compile(r"[*?\[]")


def is_pattern(path: Path) -> bool:
    """True where a path names no file, and its name is a pattern of names."""
    return bool(_MAGIC.search(path.name)) and not path.exists()


def is_film(path: Path) -> bool:
    """True where a file has several frames; of a GIF or WebP its header is read."""
    if path.suffix.lower() in FILMS:
        return True
    if path.suffix.lower() not in PERHAPS or not path.is_file():
        return False
    from superpose.media.films import frames_of_header

    return frames_of_header(path) > 1


def matches(pattern: Path) -> tuple[Path, ...]:
    """The files that a pattern names, in the order of their names, numbers by their value: ``f2`` before ``f10``."""
    if not pattern.parent.is_dir():
        return ()
    return tuple(sorted((path for path in pattern.parent.glob(pattern.name) if path.is_file()), key=_place))


def several(recipe: Recipe) -> tuple[Path, ...]:
    """The paths of a recipe that name several files, each once, in its order."""
    return tuple(path for path in dict.fromkeys(_paths(recipe)) if is_pattern(path) or is_film(path))


def with_files(recipe: Recipe, files: Mapping[Path, Path]) -> Recipe:
    """The recipe with each of these paths in the place of another."""
    changed: Recipe = _replaced(recipe, files)
    return changed


def _fields(value: object) -> list[attrs.Attribute[Any]]:
    """The fields in which a path may be; none of what is no attrs object."""
    cls: Any = type(value)
    return [field for field in attrs.fields(cls) if field.init and field.name != "source"] if attrs.has(cls) else []


def _paths(value: object) -> Iterator[Path]:
    if isinstance(value, Path):
        yield value
    for item in value if isinstance(value, tuple) else (getattr(value, field.name) for field in _fields(value)):
        yield from _paths(item)


def _replaced(value: Any, files: Mapping[Path, Path]) -> Any:
    if isinstance(value, Path):
        return files.get(value, value)
    if isinstance(value, tuple):
        return tuple(_replaced(item, files) for item in value)
    if not any(path in files for path in _paths(value)):
        return value
    changed = {field.alias or field.name: _replaced(getattr(value, field.name), files) for field in _fields(value)}
    return attrs.evolve(value, **changed)


def _place(path: Path) -> tuple[list[tuple[int, str]], str]:
    parts = re.split(r"(\d+)", path.name)
    return [(int(part), "") if part.isdecimal() and part.isascii() else (-1, part) for part in parts], path.name
