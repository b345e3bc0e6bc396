"""Checks of the fields of a configuration: every value is understood or refused, in one sentence."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import attrs

#: A validator of attrs, which any field may have.
Validator = Callable[[Any, "attrs.Attribute[Any]", Any], None]


@attrs.frozen
class Checks:
    """Checks of one sort of configuration.

    Attributes:
        title: What messages call it.
    """

    title: str

    def refused(self, key: str, value: object, supported: str) -> ValueError:
        """The error of a value that is not understood, with those that are."""
        return ValueError(f"{self.title}: {key} = {value!r} is not supported; supported: {supported}")

    def among(self, *values: object) -> Validator:
        """One of some values."""
        return self._held(lambda value: value in values, ", ".join(map(repr, values)))

    def all_among(self, *values: object) -> Validator:
        """A list of some values, one at least."""
        listed = "a list of " + ", ".join(map(repr, values))
        return self._held(lambda value: _all(value, lambda one: one in values), listed)

    def whole(self, least: int, optional: bool = False) -> Validator:
        """A whole number, or None where it is optional."""
        words = f"whole numbers from {least}" + (", or null" if optional else "")
        return self._held(lambda value: (optional and value is None) or is_whole(value, least), words)

    def all_whole(self, least: int, empty: bool = False) -> Validator:
        """A list of whole numbers, one at least unless it may be empty."""
        listed = f"a list of whole numbers from {least}"
        return self._held(
            lambda value: (empty and value == ()) or _all(value, lambda one: is_whole(one, least)), listed
        )

    def all_numbers(self) -> Validator:
        """A list of numbers, one at least."""
        return self._held(lambda value: _all(value, lambda one: _is_number(one, -math.inf)), "a list of numbers")

    def number(self, least: float) -> Validator:
        """A number."""
        return self._held(lambda value: _is_number(value, least), f"numbers from {least:g}")

    def _held(self, holds: Callable[[object], bool], supported: str) -> Validator:
        def check(_: object, attribute: attrs.Attribute[object], value: object) -> None:
            if not holds(value):
                raise self.refused(attribute.name, value, supported)

        return check


def is_whole(value: object, least: int) -> bool:
    """True for a whole number from ``least``; True and False are none."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _is_number(value: object, least: float) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= least


def as_tuple(values: object) -> Any:
    """A list as a tuple; anything else as it is, for a check to refuse."""
    return tuple(values) if isinstance(values, (list, tuple)) else values


def _all(values: object, holds: Callable[[object], bool]) -> bool:
    return isinstance(values, tuple) and bool(values) and all(map(holds, values))
