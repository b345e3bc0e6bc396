"""The keys of a published configuration: each is understood or refused.

A network built from half of its configuration runs, and is wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from superpose.errors import RecipeError


def settings(
    where: str,
    given: Mapping[str, Any],
    understood: Mapping[str, Any],
    fixed: Mapping[str, Any],
    ignored: Collection[str] = (),
) -> dict[str, Any]:
    """The understood keys of a table, with their defaults.

    Arguments:
        where: The file and the table, for the message.
        given: The table. Keys that begin with an underscore are the writer's own notes.
        understood: Keys that are read, with the value of an absent one.
        fixed: Keys that may be given, with the one value that is supported (a tuple: any of them).
        ignored: Keys that change nothing when images are made.

    Raises:
        RecipeError: One line that names the key, its value and what is supported.
    """
    for key, value in given.items():
        if key.startswith("_") or key in understood or key in ignored:
            continue
        if key not in fixed:
            raise RecipeError(f"{where}: {key} = {value!r} is not known; known: {', '.join((*understood, *fixed))}")
        supported = fixed[key] if isinstance(fixed[key], tuple) else (fixed[key],)
        if value not in supported:
            raise RecipeError(
                f"{where}: {key} = {value!r} is not supported; supported: {', '.join(map(repr, supported))}"
            )
    return {key: given.get(key, default) for key, default in understood.items()}


def per_level(where: str, key: str, value: Any, levels: int) -> tuple[Any, ...]:
    """One value a level, from a single value or a list of as many.

    Raises:
        RecipeError: If the list has another length.
    """
    values = tuple(value) if isinstance(value, (list, tuple)) else (value,) * levels
    if len(values) != levels:
        raise RecipeError(f"{where}: {key} = {list(values)} has {len(values)} entries, and there are {levels} levels")
    return values
