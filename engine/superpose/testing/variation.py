"""Instances of a kind to hold to its laws: the default and, one option at a time, its choices and ends of its range."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import suppress
from typing import TypeVar

import attrs

from superpose.kinds.kind import Kind, Limits, fields_of, with_options

K = TypeVar("K", bound=Kind)


def variants(kind: type[K]) -> list[K]:
    """Instances of ``kind``, the default first; none where an option has no default.

    >>> from superpose.sampling.scheduler import Scheduler
    >>> variants(Scheduler)
    []
    """
    fields = [field for field in fields_of(kind) if field.init]
    if inspect.isabstract(kind) or any(field.default is attrs.NOTHING for field in fields):
        return []
    default = kind()
    found = [default]
    for field in fields:
        for value in _values(field, getattr(default, field.name)):
            # What the class itself refuses beside the other options is no variant.
            with suppress(ValueError):
                found.append(with_options(default, **{field.name: value}))
    return list(dict.fromkeys(found))


def _values(field: attrs.Attribute[object], default: object) -> Iterator[object]:
    limits = field.metadata.get("limits", Limits())
    if limits.choices is not None:
        yield from () if limits.each else limits.choices
    elif isinstance(default, bool):
        yield not default
    elif isinstance(default, int | float):
        number = type(default)
        yield from (number(bound) for bound in (limits.ge, limits.le) if bound is not None)
        for value in (default + 1, default * 1.5 if number is float else default * 2):
            if all(_allowed(limits, value)):
                yield value


def _allowed(limits: Limits, value: float) -> Iterator[bool]:
    yield limits.ge is None or value >= limits.ge
    yield limits.gt is None or value > limits.gt
    yield limits.le is None or value <= limits.le
    yield limits.lt is None or value < limits.lt
