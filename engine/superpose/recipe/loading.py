"""Reading recipes: from a file or a text, with overrides, every mistake told at once."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NoReturn

import attrs

from superpose.errors import RecipeError
from superpose.plugins import Registry, load_plugins
from superpose.recipe.grammar import read_recipe, read_subject
from superpose.recipe.mistakes import Mistake, MistakesError, Override, Source
from superpose.recipe.overrides import apply
from superpose.recipe.read import UNKNOWN, WRONG, Reader
from superpose.recipe.subject import Subject
from superpose.recipe.tables import Recipe
from superpose.recipe.where import KeyPath, Position, TomlTable, locate, position_of, too_deep, too_long

_SYNTAX = re.compile(r"(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)", re.DOTALL)

#: Bounds of a recipe: its characters, the keys of a table, the tables, and how deep they stand in each other.
LONGEST, KEYS, TABLES, DEPTH = 1_000_000, 500, 500, 64


def load(path: str | Path, overrides: Iterable[str] = (), *, registry: Registry | None = None) -> Recipe:
    """Read a recipe from a file.

    Arguments:
        path: The TOML file; paths in it are relative to its folder.
        overrides: Changes such as ``view.1.prompt=W`` or ``run.seed=3``: keys with dots, list items by number from 0. A
            value is TOML or else plain text; paths in it are relative to the working folder.
        registry: The kinds there are; all installed ones by default.

    Raises:
        RecipeError: With every mistake, one a line, in the order of the file (a `MistakesError`, which lists them).
    """
    return loads(text_of(path), name=str(path), folder=Path(path).parent, overrides=overrides, registry=registry)


def loads(
    text: str,
    *,
    name: str = "recipe",
    folder: str | Path = ".",
    overrides: Iterable[str] = (),
    registry: Registry | None = None,
    files: Mapping[str, Path] | None = None,
    unknown: str = UNKNOWN,
) -> Recipe:
    """Read a recipe from a text.

    Arguments:
        text: TOML.
        name: What errors call it.
        folder: What paths in it are relative to.
        overrides: As in `load`.
        registry: As in `load`.
        files: The only files that the recipe may name, by what it calls them; a stranger's recipe reads no other.
        unknown: What is said of another, with ``{}`` for its name.

    Raises:
        RecipeError: As `load`.
    """
    data = plain_tables(text, name)
    spots = locate(text)
    sets, misplaced = overridden(data, overrides)
    source = Source(name, spots, sets)
    reader = Reader(registry or load_plugins(), Path(folder), files, unknown)
    recipe = read_recipe(reader, data)
    if recipe is WRONG or reader.mistakes or misplaced:
        raise MistakesError([*source.mistakes(reader.mistakes), *misplaced])
    return attrs.evolve(recipe, source=source)


def text_of(path: str | Path) -> str:
    """Text of a recipe's file.

    Raises:
        RecipeError: If it can't be read.
    """
    try:
        return Path(path).read_bytes().decode("utf-8-sig")  # some editors on Windows write the mark
    except OSError as error:
        raise RecipeError(f"{path}: can't be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path}: is not UTF-8 text (byte {error.start})") from error


def load_subject(text: str, *, name: str, folder: str | Path, files: Mapping[str, Path]) -> Subject:
    """What the image of a recipe shows, without its networks, guidance and constraints, whose files may be elsewhere.

    Arguments as in `loads`.

    Raises:
        RecipeError: As `loads`, of what is read.
    """
    data = plain_tables(text, name)
    reader = Reader(load_plugins(), Path(folder), files)
    subject = read_subject(reader, data)
    if subject is WRONG or reader.mistakes:
        raise MistakesError(Source(name, locate(text), {}).mistakes(reader.mistakes))
    return subject


def plain_tables(text: str, name: str) -> TomlTable:
    """The tables of a recipe, within bounds."""
    if len(text) > LONGEST:
        _refused(name, f"{len(text):,} characters, and a recipe has at most {LONGEST:,}", Position(1, 1))
    data = _parsed(text, name)
    _bounded(data, text, name)
    return data


def overridden(data: TomlTable, overrides: Iterable[str]) -> tuple[dict[KeyPath, Override], list[Mistake]]:
    """Apply overrides to a recipe: the path that each has set, and the mistakes in those that can't be applied."""
    sets: dict[KeyPath, Override] = {}
    misplaced = []
    for number, override in enumerate(overrides):
        try:
            mine = apply(data, override)
        except ValueError as error:
            misplaced.append(Mistake(f"--set {override}: {error}", (), str(error)))
        else:
            sets |= dict.fromkeys(mine, Override(override, mine[-1], number))
    return sets, misplaced


def _parsed(text: str, name: str) -> TomlTable:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = _SYNTAX.fullmatch(str(error))
        what = match["what"] if match else str(error)
        lines = text.split("\n")
        end = len(lines), len(lines[-1]) + 1
        line, column = (int(match["line"]), int(match["column"])) if match and match["line"] else end
        hint = _hint(lines[: min(line, len(lines))], what)
        _not_toml(name, line, column, what[:1].lower() + what[1:] + (f"; {hint}" if hint else ""), error)
    except RecursionError as error:
        _not_toml(name, *too_deep(text, DEPTH), "nested too deeply", error)
    except ValueError as error:  # an integer of more digits than Python reads
        most = sys.get_int_max_str_digits()
        _not_toml(name, *too_long(text, most), f"an integer of more than {most:,} digits", error)


def _bounded(data: TomlTable, text: str, name: str) -> None:
    """Refuse what nobody writes by hand, before it is walked through: it would take minutes, or end the stack."""
    tables = 0
    left: list[tuple[TomlTable | list[object], KeyPath]] = [(data, ())]
    while left:
        value, path = left.pop()
        if isinstance(value, dict):
            tables += 1
            if len(value) > KEYS:
                what = f"a table has {len(value):,} keys, and may have at most {KEYS:,}"
                _refused(name, what, position_of(text, (*path, list(value)[KEYS])))
        if len(path) >= DEPTH:
            what = f"nested too deeply: tables and lists stand at most {DEPTH} deep in each other"
            _refused(name, what, position_of(text, path))
        if tables > TABLES:
            _refused(name, f"more than {TABLES:,} tables: that is more than a recipe may have", position_of(text, path))
        items = value.items() if isinstance(value, dict) else enumerate(value)
        inside = [(item, (*path, key)) for key, item in items if isinstance(item, dict | list)]
        left += reversed(inside)  # in the order of the file


def _refused(name: str, what: str, position: Position) -> NoReturn:
    raise MistakesError([Mistake(f"{name}:{position.line}:{position.column}: {what}", (), what)])


def _hint(lines: list[str], what: str) -> str | None:
    """Hint at what to write instead, where the last of ``lines`` has a mistake that many make."""
    last = lines[-1]
    if any(quote in last for quote in "\u201c\u201d\u2018\u2019"):
        return "write straight quotes, not curly ones"
    if "\\" in last and any(word in what.lower() for word in ("escape", "hex", "backslash")):
        return "a backslash in double quotes means something else: write paths in single quotes, or with /"
    text = "\n".join(lines)
    if any(line.rstrip().endswith(("{", ",")) for line in lines) and text.count("{") > text.count("}"):
        return "a table in braces stands on one line: write it on one line, or as [table] with a key on each"
    return None


def _not_toml(name: str, line: int, column: int, what: str, error: Exception) -> NoReturn:
    raise MistakesError([Mistake(f"{name}:{line}:{column}: not TOML: {what}", (), f"not TOML: {what}")]) from error
