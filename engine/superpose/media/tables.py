"""Tables in the JSON and YAML of other programs, whose values are of the wrong type now and then."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, final

from superpose.errors import RecipeError
from superpose.media.files import read_text

V = TypeVar("V")

#: Most bytes of a YAML file, which is read slowly, and most values in it, which its anchors may repeat.
YAML, VALUES = 2**20, 100_000
#: Numbers such as 1e-4, which YAML 1.1 takes for words and the programs that wrote them do not.
_FLOAT = re.compile(r"[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+")


@final
class Table(dict[str, object]):
    """A table of a file, and where it stands.

    Each reader takes a key and the value where the key is absent or null; without such a value the key must be there.

    Attributes:
        where: The file, and the path of tables in it.

    Raises:
        RecipeError: A key is not a text; and from every reader, one line with the file, the key, the value and what it
            should be.
    """

    def __init__(self, where: str, values: Mapping[str, object]) -> None:
        for key in values:
            if not isinstance(key, str):
                raise RecipeError(f"{where}: the key {shown(key)} is not a text")
        super().__init__(values)
        self.where = where

    def number(self, key: str, default: float | None = None) -> float:
        """A finite number."""
        value = self._read(key, default, (int, float), "a number")
        if not math.isfinite(value):
            raise self.wrong(key, "a finite number")
        return value

    def whole(self, key: str, default: int | None = None, least: int = 0) -> int:
        """A whole number from ``least``."""
        value = self._read(key, default, (int,), "a whole number")
        if value < least:
            raise self.wrong(key, f"a whole number from {least}")
        return value

    def flag(self, key: str, default: bool | None = None) -> bool:
        """True or false."""
        return self._read(key, default, (bool,), "true or false")

    def text(self, key: str, default: str | None = None) -> str:
        """A text."""
        return self._read(key, default, (str,), "a text")

    def listed(self, key: str, default: list[object] | None = None) -> list[object]:
        """A list."""
        return self._read(key, default, (list,), "a list")

    def numbers(self, key: str, default: list[float] | None = None) -> list[float]:
        """A list of numbers."""
        values = self._read(key, default, (list,), "a list of numbers")
        if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
            raise self.wrong(key, "a list of numbers")
        return values

    def table(self, key: str, default: dict[str, object] | None = None) -> Table:
        """A table within."""
        return Table(f"{self.where}: {key}", self._read(key, default, (dict,), "a table"))

    def wrong(self, key: str, wanted: str) -> RecipeError:
        """The refusal of a value."""
        return RecipeError(f"{self.where}: {key} = {shown(self[key])} is not {wanted}")

    def _read(self, key: str, default: V | None, kinds: tuple[type, ...], wanted: str) -> V:
        value = self.get(key)
        if value is None:
            if default is None:
                raise RecipeError(f"{self.where}: {key} is missing, {wanted}")
            return default
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise self.wrong(key, wanted)
        return value  # type: ignore[return-value]  # of one of the kinds, which are those of V


def shown(value: object, most: int = 60) -> str:
    """A value for a message: on one line, its middle left out where it is long."""
    text = repr(value)  # escapes what a terminal would obey
    return text if len(text) <= most else f"{text[: most - 20]}...{text[-10:]}"


def read_json(path: Path) -> Table:
    """A JSON file with a table.

    Raises:
        RecipeError: It is missing, no regular file, too large, or not valid.
    """
    try:
        content = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"{path} is not valid JSON: {error}") from error
    return _table(path, content)


def read_yaml(path: Path) -> Table:
    """A YAML file with a table; 1e-4 is a number, as it is for the programs that write such files.

    Raises:
        RecipeError: As `read_json`; it names classes; or PyYAML is not installed.
    """
    try:
        import yaml  # type: ignore[import-untyped]  # its stubs are a package of their own
    except ImportError as error:
        raise RecipeError(f'{path} is read with PyYAML: pip install "superpose[ldm]"') from error

    class Loader(yaml.SafeLoader):  # type: ignore[misc]  # a resolver added to the class itself would be everybody's
        def flatten_mapping(self, node: Any) -> None:
            if any(key.tag == "tag:yaml.org,2002:merge" for key, _ in node.value):
                # A few of them, one in another, are more than there is memory.
                raise yaml.constructor.ConstructorError(None, None, "merge keys (<<) are not read", node.start_mark)

    Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789"))
    try:
        content = yaml.load(read_text(path, YAML), Loader)  # noqa: S506, a safe loader
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise RecipeError(f"{path} is not readable YAML: {' '.join(str(error).split())}") from error
    if _more(content, VALUES):
        raise RecipeError(f"{path} holds more than {VALUES} values")
    return _table(path, content)


def _table(path: Path, content: object) -> Table:
    if not isinstance(content, dict):
        raise RecipeError(f"{path} does not hold a table")
    return Table(str(path), content)


def _more(content: object, most: int) -> bool:
    """True where it has more values than ``most``, those that are repeated counted each time."""
    waiting, count = [content], 1
    while waiting and count <= most:
        one = waiting.pop()
        if isinstance(one, (dict, list)):
            count += len(one)
            waiting += one.values() if isinstance(one, dict) else one
    return count > most
