"""The denoisers inside a denoiser, found among its fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeGuard

from superpose.estimate.query import Estimating

if TYPE_CHECKING:
    import attrs


def parts_of(denoiser: Estimating) -> Iterator[Estimating]:
    """The denoisers among the fields of one, also in lists, tuples, dicts and terms."""
    fields: Iterable[attrs.Attribute[object]] = getattr(type(denoiser), "__attrs_attrs__", ())
    values = {field.name: getattr(denoiser, field.name) for field in fields} | getattr(denoiser, "__dict__", {})
    left: list[object] = [*values.values()]
    while left:
        item = left.pop(0)
        if isinstance(item, dict):
            left += item.values()
        elif isinstance(item, list | tuple):
            left += item
        elif _estimates(item):
            yield item
        elif _estimates(inner := getattr(item, "denoiser", None)):
            yield inner


def all_parts(denoiser: Estimating) -> Iterator[Estimating]:
    """A denoiser and all that are inside, what is outside first."""
    yield denoiser
    for part in parts_of(denoiser):
        yield from all_parts(part)


def _estimates(item: object) -> TypeGuard[Estimating]:
    return isinstance(item, Estimating) and not isinstance(item, type)
