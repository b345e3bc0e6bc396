"""Differences of two recipes, key by key, as their plain tables say them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Final, TypeGuard

import attrs

from superpose.recipe.plain import inline
from superpose.recipe.where import KeyPath


class Absent(Enum):
    """Stands for the value of a key that a recipe has not."""

    ABSENT = "absent"

    def __str__(self) -> str:
        return self.value


ABSENT: Final = Absent.ABSENT


@attrs.frozen
class Difference:
    """A key that two recipes say otherwise.

    Attributes:
        path: The key, from the top of the recipe.
        before, after: Its values; `ABSENT` where there is none.
    """

    path: KeyPath
    before: object
    after: object

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.path))}: {_shown(self.before)} -> {_shown(self.after)}"


def differences(one: object, two: object, path: KeyPath = ()) -> Iterator[Difference]:
    """What differs between two plain tables: whole tables that only one has, and single values else."""
    if isinstance(one, Mapping) and isinstance(two, Mapping):
        for key in dict.fromkeys((*one, *two)):
            yield from differences(one.get(key, ABSENT), two.get(key, ABSENT), (*path, key))
    elif _is_list(one) and _is_list(two):
        for i in range(max(len(one), len(two))):
            mine, other = (each[i] if i < len(each) else ABSENT for each in (one, two))
            yield from differences(mine, other, (*path, i))
    elif one != two or type(one) is not type(two):
        yield Difference(path, one, two)


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _shown(value: object) -> str:
    return str(value) if value is ABSENT else inline(value)
