"""The keys of a published configuration: each is understood or refused.

A network built from half of its configuration runs, and is wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from superpose import RecipeError

#: The names of one activation.
SILU = ("silu", "swish")


def settings(
    where: str,
    given: Mapping[str, object],
    understood: Mapping[str, object],
    fixed: Mapping[str, object],
    ignored: Collection[str] = (),
    levels: Collection[str] = (),
) -> dict[str, Any]:
    """The understood keys of a table, with their defaults.

    Arguments:
        where: The file and the table, for the message.
        given: The table. Keys that begin with an underscore are the writer's own notes.
        understood: Keys that are read, with the value of an absent one.
        fixed: Keys that may be given, with the one value that is supported (a tuple: any of them).
        ignored: Keys that change nothing when images are made.
        levels: Keys that are understood and may be lists, with one value a level.

    Raises:
        RecipeError: One line that names the key, its value and what is supported; also where a value that is understood
            is not what its default is: a whole number, a number, true or false, text, or a list of them.
    """
    for key, value in given.items():
        whole = [value] if key not in levels or not isinstance(value, (list, tuple)) else value
        if key in understood and not all(_alike(one, understood[key]) for one in whole):
            raise RecipeError(f"{where}: {key} = {value!r} is not supported; supported: {_words(understood[key])}")
        if key.startswith("_") or key in understood or key in ignored:
            continue
        if key not in fixed:
            raise RecipeError(f"{where}: {key} = {value!r} is not known; known: {', '.join((*understood, *fixed))}")
        only = fixed[key]
        supported = only if isinstance(only, tuple) else (only,)
        if value not in supported:
            raise RecipeError(
                f"{where}: {key} = {value!r} is not supported; supported: {', '.join(map(repr, supported))}"
            )
    return {key: given.get(key, default) for key, default in understood.items()}


def _alike(value: object, default: object) -> bool:
    """True where ``value`` is of the kind that ``default`` is; where that is None, a number or nothing."""
    if isinstance(default, (list, tuple)):
        item = default[0] if default else 1
        return isinstance(value, (list, tuple)) and all(_alike(one, item) for one in value)
    if default is None:
        return value is None or isinstance(value, (int, float))
    if isinstance(default, str):
        return value is None or isinstance(value, str)
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    if isinstance(default, int):
        return isinstance(value, int) and value >= min(default, 0)
    return isinstance(value, (int, float))


def _words(default: object) -> str:
    """Words for what `_alike` wants, in an error."""
    if isinstance(default, (list, tuple)):
        return f"a list, each {_words(default[0] if default else 1)}"
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
    return words.get(type(default), "a number, or null") + (" from 0" if type(default) is int else "")


def refuse_empty(where: str, values: Mapping[str, Any], *keys: str) -> None:
    """Refuse sizes of 0 and lists without an entry, or with a 0 in it: no network is made of them.

    Raises:
        RecipeError: One line that names the key and its value.
    """
    for key in keys:
        value = values[key]
        whole = value if isinstance(value, (list, tuple)) else (value,)
        if not whole or 0 in whole:
            raise RecipeError(f"{where}: {key} = {value!r} is not supported; supported: whole numbers from 1")


def head_width(where: str, channels: int, heads: int) -> int:
    """The width of each head, where they share channels.

    Raises:
        RecipeError: If there are more heads than channels, or none.
    """
    if not 0 < heads <= channels:
        raise RecipeError(f"{where}: {heads} attention heads do not share {channels} channels")
    return channels // heads


def per_level(where: str, key: str, value: object, levels: int) -> tuple[Any, ...]:
    """One value a level, from a single value or a list of as many.

    Raises:
        RecipeError: If the list has another length.
    """
    values = tuple(value) if isinstance(value, (list, tuple)) else (value,) * levels
    if len(values) != levels:
        raise RecipeError(f"{where}: {key} = {list(values)} has {len(values)} entries, and there are {levels} levels")
    return values
