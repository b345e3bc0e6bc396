"""Overrides: ``view.1.prompt=W`` changes one value of a recipe before it is read."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs

from superpose.recipe.mistakes import dotted, shown
from superpose.recipe.where import KeyPath, TomlTable

_PART = r"""(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\])*"|'[^']*')"""
_OVERRIDE = re.compile(rf"\s*({_PART}(?:\s*\.\s*{_PART})*)\s*=(.*)", re.DOTALL)
_FIRST = re.compile(_PART)
_NUMBER = re.compile(r"[0-9]{1,9}")


@attrs.frozen
class OverrideValue:
    """A value of an override, whose type is decided by what reads it: ``prompt=3`` is text, ``run.seed=3`` a number.

    Attributes:
        value: What it is as TOML; the raw text where it is not TOML.
        raw: What was typed; None for a value inside a list or table.
        folder: What a path is relative to; None for the working folder.
    """

    value: object
    raw: str | None = None
    folder: Path | None = None

    @property
    def text(self) -> object:
        """The value where text is wanted: what was typed, without the quotes if it had any."""
        return self.value if isinstance(self.value, str) or self.raw is None else self.raw


def apply(data: TomlTable, override: str) -> list[KeyPath]:
    """Set one value in the plain recipe ``data``, making tables on the way.

    Returns:
        The paths that are now the override's: those of tables that it made, and last the value's.

    Raises:
        ValueError: If it is not KEY=VALUE, or there is no such place; says what to write instead.
    """
    match = _OVERRIDE.fullmatch(override)
    if match is None:
        raise ValueError("expected KEY=VALUE, such as run.seed=3 or view.1.prompt=W")
    return put(data, _keys(match[1]), _value(match[2].strip()))


def keys_of(text: str) -> list[str] | None:
    """The parts of a key with dots, as overrides have it; None where it is none."""
    match = _OVERRIDE.fullmatch(f"{text}=")
    return _keys(match[1]) if match else None


def put(data: TomlTable, keys: Sequence[str], value: object) -> list[KeyPath]:
    """Set the value at a key, given by its parts; returns and raises as `apply`."""
    *parents, last = keys
    node: Any = data
    path: KeyPath = ()
    mine: list[KeyPath] = []
    for parent in parents:
        step = _step(node, path, parent)
        path = (*path, step)
        if isinstance(node, dict) and step not in node:
            node[step] = {}
            mine.append(path)
        node = node[step]
    step = _step(node, path, last)
    node[step] = value
    return [*mine, (*path, step)]


def _keys(text: str) -> list[str]:
    return [part if part[0] not in "\"'" else _toml(part) for part in _FIRST.findall(text)]


def _step(node: object, path: KeyPath, key: str) -> str | int:
    if isinstance(node, dict):
        return key
    where = dotted(path)
    if not isinstance(node, list):
        found = node.value if isinstance(node, OverrideValue) else node
        raise ValueError(f"{where} is {shown(found)}, not a table; set {where} itself")
    if not _NUMBER.fullmatch(key):
        raise ValueError(f"{where} is a list; say which item by its number from 0, such as {where}.0.{key}")
    if int(key) >= len(node):
        count = f"{len(node)} item{'s' * (len(node) != 1)}"
        raise ValueError(f"there is no {where}.{int(key)}: {where} has {count}, counted from 0")
    return int(key)


def typed(raw: str, folder: Path) -> OverrideValue:
    """A line of a file as a value: of one thing, whose type is decided by what reads it."""
    try:
        value = _toml(raw)
    except ValueError:
        value = raw
    return OverrideValue(raw if isinstance(value, dict | list) else value, raw, folder)


def _value(raw: str) -> object:
    try:
        value = _toml(raw)
    except ValueError:
        return OverrideValue(raw, raw)
    return _wrapped(value, raw)


def _wrapped(value: object, raw: str | None = None) -> object:
    """Mark the leaves as said in an override; tables and lists stay plain, so that a further override finds its way."""
    if isinstance(value, dict):
        return {key: _wrapped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_wrapped(item) for item in value]
    return OverrideValue(value, raw)


def _toml(raw: str) -> Any:
    try:
        table = tomllib.loads(f"value = {raw}")
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if len(table) != 1:
        raise ValueError("more than one value")  # a line break, and a second key after it
    return table["value"]
