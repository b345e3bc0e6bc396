"""Axes of a sweep: a key of the recipe, and the values that it takes in turn."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import count, takewhile
from pathlib import Path

import attrs

from superpose.errors import RecipeError
from superpose.kinds.spelling import nearest, suggestion
from superpose.media.files import read_text
from superpose.recipe.mistakes import shown
from superpose.recipe.overrides import OverrideValue, keys_of, typed
from superpose.recipe.read import WRONG, Reader, Wrong
from superpose.recipe.where import KeyPath

#: Values of an axis, at most.
VALUES = 100_000
#: What makes values that are not listed.
FORMS = ("range", "files")
_WILD = re.compile(r"[*?\[]")
_CURE = "write a list, {range = [0, 100]} or {files = ...}"


@attrs.frozen
class Axis:
    """An axis of a sweep.

    Attributes:
        key: The key, as the recipe writes it: ``guidance.scale``.
        keys: Its parts.
        values: The values in order, as TOML has them.
        place: Where the recipe says them.
        listed: Whether each value has a place of its own.
    """

    key: str
    keys: tuple[str, ...]
    values: tuple[object, ...] = attrs.field(repr=False)
    place: KeyPath
    listed: bool

    def place_of(self, number: int) -> KeyPath:
        """Place of a value."""
        return (*self.place, number) if self.listed else self.place


def plain_value(value: object) -> object:
    """A value of an axis as its label and a condition see it."""
    if isinstance(value, OverrideValue):
        return value.value
    if isinstance(value, list):
        return [plain_value(item) for item in value]
    return {key: plain_value(item) for key, item in value.items()} if isinstance(value, dict) else value


def read_axes(reader: Reader, given: object, path: KeyPath) -> tuple[Axis, ...] | Wrong:
    """The axes in a table, or `WRONG`; mistakes are noted by ``reader``."""
    table = reader.table(given, path, '[sweep.axes] with a key on each line, such as "run.seed" = [0, 1]')
    if table is WRONG:
        return WRONG
    if not table:
        return reader.wrong(path, 'there is no axis: write one, such as "run.seed" = {range = [0, 100]}')
    read = [_axis(reader, key, value, (*path, key)) for key, value in table.items()]
    axes = tuple(axis for axis in read if axis is not WRONG)
    return axes if len(axes) == len(read) else WRONG


def _axis(reader: Reader, key: str, given: object, path: KeyPath) -> Axis | Wrong:
    parts = keys_of(key)
    if parts is None or parts[0] == "sweep":
        return reader.wrong(path, 'an axis is a key of the recipe with dots, such as "guidance.scale"')
    listed = isinstance(given, list)
    try:
        values = tuple(given) if isinstance(given, list) else tuple(_made(reader, given, key))
    except (ValueError, RecipeError) as error:
        return reader.wrong(path, str(error))
    if not values:
        return reader.wrong(path, f"has no value; {_CURE}")
    if len(values) > VALUES:
        return reader.wrong(path, f"has more than {VALUES:,} values")
    return Axis(key, tuple(parts), values, path, listed)


def _made(reader: Reader, given: object, key: str) -> Iterator[object]:
    if isinstance(given, OverrideValue):
        given = given.value
    if not isinstance(given, dict):
        raise ValueError(f"expected the values of an axis, got {shown(given)}; {_CURE}")
    match given:
        case {"range": bounds, **rest} if not rest:
            return iter(_range(bounds))
        case {"files": pattern, **rest} if not rest:
            return _files(reader, plain_value(pattern))
    inner = next((name for name in given if name not in FORMS), "")
    if isinstance(given.get(inner), list | dict) and nearest(inner, FORMS) is None:
        raise ValueError(f'a key with dots stands in quotes here: "{key}.{inner}" = ...')
    raise ValueError(f"expected range or files, and one of them alone{suggestion(inner, FORMS) if inner else ''}")


def _range(given: object) -> list[object]:
    """Numbers from the first to the second, without it, as Python's range."""
    bounds = plain_value(given)
    if not isinstance(bounds, list) or not 2 <= len(bounds) <= 3 or any(type(it) not in (int, float) for it in bounds):
        raise ValueError("range is [first, end] or [first, end, step], all numbers; the end itself is left out")
    first, end, step = (Decimal(repr(number)) for number in (*bounds, 1)[:3])
    if not all(number.is_finite() for number in (first, end, step)) or step == 0 or (end - first) / step > VALUES:
        raise ValueError(f"range needs finite numbers, a step that is not 0, and at most {VALUES:,} values")
    whole = all(type(number) is int for number in bounds)
    numbers = takewhile(lambda x: x < end if step > 0 else x > end, (first + i * step for i in count()))
    return [int(number) if whole else float(number) for number in numbers]


def _files(reader: Reader, pattern: object) -> Iterator[object]:
    """Lines of a text, or paths of the files that a pattern fits."""
    if not isinstance(pattern, str):
        raise ValueError(f"files is the name of a text or a pattern such as '*.png', got {shown(pattern)}")
    if reader.files is not None:
        raise ValueError("files of an axis do not travel with a recipe: write the values as a list")
    if not _WILD.search(pattern):
        if not pattern.endswith(".txt"):
            raise ValueError(f"{pattern!r} is no .txt, a value on each line: for one file write a list with its name")
        return iter([typed(line, reader.folder) for line in lines_of(reader.folder / pattern)])
    rooted = Path(pattern).is_absolute()
    base, inner = (
        (Path(Path(pattern).anchor), pattern[len(Path(pattern).anchor) :]) if rooted else (reader.folder, pattern)
    )
    found = sorted((path for path in base.glob(inner) if path.is_file()), key=natural)
    if not found:
        raise ValueError(f"no file fits {pattern!r} in {base.absolute()}")
    return (path.absolute().as_posix() for path in found)


def natural(path: Path) -> list[tuple[int, str]]:
    """The key that sorts ``2.png`` before ``10.png``."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", path.as_posix())]


def lines_of(path: Path) -> list[str]:
    """Lines of a text that say something: neither empty nor beginning with #.

    Raises:
        RecipeError: If it can't be read.
    """
    lines = (line.strip() for line in read_text(path).splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def names_of(axes: tuple[Axis, ...]) -> Mapping[str, tuple[int, ...]]:
    """The names that a condition may call axes by, each with the numbers of those that it fits.

    An axis is called by the end of its key, with underscores: ``prompt`` or ``view_1_prompt`` of ``view.1.prompt``.
    """
    found: dict[str, tuple[int, ...]] = {}
    for number, axis in enumerate(axes):
        parts = [re.sub(r"\W", "_", part) for part in axis.keys]
        for first in range(len(parts)):
            name = "_".join(parts[first:])
            if name.isidentifier():
                found[name] = (*found.get(name, ()), number)
    return found
