"""Instances of a kind to hold to its laws: the default and, one option at a time, its choices and ends of its range."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, TypeVar

import attrs

from superpose.kind import Kind, Limits
from superpose.options import Named, Option, options_of
from superpose.plugins import load_plugins

K = TypeVar("K", bound=Kind)


def variants(kind: type[K]) -> list[K]:
    """Instances of ``kind``, the default first; none where an option has no default and names no kind.

    An option that must name a kind is given the first one installed that has defaults itself.

    >>> from superpose.scheduler.base import Scheduler
    >>> variants(Scheduler)
    []
    """
    if not attrs.has(kind):
        return []
    fields = attrs.fields(kind)
    needed = {option.name: _named(option) for option in options_of(kind) if option.required}
    if any(value is None for value in needed.values()):
        return []
    default: Any = kind(**needed)
    found = [default]
    for field in fields:
        for value in _values(field, getattr(default, field.name)):
            # What the class itself refuses beside the other options is no variant.
            with suppress(ValueError):
                found.append(attrs.evolve(default, **{field.name: value}))
    return list(dict.fromkeys(found))


def _named(option: Option) -> Kind | None:
    """A kind for an option that must name one."""
    if not isinstance(option.form, Named):
        return None
    kinds: Iterable[type[Kind]] = load_plugins().kinds(option.form.role).values()
    return next((found[0] for cls in kinds if (found := variants(cls))), None)


def _values(field: attrs.Attribute[Any], default: Any) -> Iterator[Any]:
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
