"""Kinds: frozen attrs classes whose fields are the keys of their tables in a recipe.

From the one definition come parsing, error messages, the schema, the manual page and the conformance tests.

>>> import attrs
>>> from superpose import View, option
>>> @attrs.frozen(kw_only=True)
... class Roll(View):
...     \"\"\"Rolls the image sideways, with wrap-around.\"\"\"
...     kind = "roll"
...     columns: int = option(8, doc="columns to roll by", ge=1)
...     def apply(self, x): return x.roll(self.columns, -1)
...     def invert(self, x): return x.roll(-self.columns, -1)
>>> Roll(columns=0)
Traceback (most recent call last):
    ...
ValueError: must be at least 1, got 0
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

import attrs


class Kind:
    """Base of the roles whose kinds recipes name.

    Attributes:
        kind: The registered name: lower case letters, digits and hyphens.
        role: The role, which is also the recipe's table: ``view``, ``scheduler``, ...
        papers: Where the method comes from: each ``arXiv 2311.17919``, ``doi 10.1000/182`` or a whole BibTeX entry.
        processes: Names of the noise processes that it is right for (`Process.name`); None for all.
    """

    kind: ClassVar[str]
    role: ClassVar[str]
    papers: ClassVar[tuple[str, ...]] = ()
    processes: ClassVar[frozenset[str] | None] = None


K = TypeVar("K", bound=Kind)


def fields_of(cls: type) -> tuple[attrs.Attribute[object], ...]:
    """The attrs fields of a class; none where it is no attrs class."""
    return attrs.fields(cls) if attrs.has(cls) else ()


def with_options(kind: K, **options: object) -> K:
    """The same kind with other values of some options."""
    make: Callable[..., K] = type(kind)
    values: dict[str, object] = {
        field.alias or field.name: getattr(kind, field.name) for field in fields_of(type(kind)) if field.init
    }
    return make(**{**values, **options})


def chosen_options(kind: Kind) -> dict[str, object]:
    """The options of a kind that are not as they come."""
    values = {field.name: (getattr(kind, field.name), field.default) for field in fields_of(type(kind)) if field.init}
    return {name: value for name, (value, default) in values.items() if value != default}


@attrs.frozen
class Limits:
    """The range of an option, in a form that validators, schema and manual all read."""

    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    choices: tuple[object, ...] | None = None
    each: bool = False

    def __call__(self, instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        """Raise ValueError if ``value`` (or, with ``each``, one of its items) is out of range."""
        del instance, attribute
        for item in value if self.each and value is not None else (value,):
            if item is not None:
                self._judge(item)

    def _judge(self, value: Any) -> None:
        if self.choices is not None and value not in self.choices:
            raise ValueError(f"must be one of {', '.join(map(repr, self.choices))}, got {value!r}")
        if self.ge is not None and not value >= self.ge:
            raise ValueError(f"must be at least {_written(self.ge)}, got {value!r}")
        if self.gt is not None and not value > self.gt:
            raise ValueError(f"must be more than {_written(self.gt)}, got {value!r}")
        if self.le is not None and not value <= self.le:
            raise ValueError(f"must be at most {_written(self.le)}, got {value!r}")
        if self.lt is not None and not value < self.lt:
            raise ValueError(f"must be less than {_written(self.lt)}, got {value!r}")

    def __str__(self) -> str:
        """The range in words, for manuals: ``>= 1``, ``one of 90, 180``; empty when there is none."""
        if self.choices is not None:
            return "one of " + ", ".join(map(str, self.choices))
        signs = ((">=", self.ge), (">", self.gt), ("<=", self.le), ("<", self.lt))
        return " and ".join(f"{sign} {_written(bound)}" for sign, bound in signs if bound is not None)


def _written(bound: float) -> str:
    return str(bound) if isinstance(bound, int) else f"{bound:g}"


def _frozen(value: object) -> object:
    """Lists as tuples: kinds are compared and looked up, whoever makes them."""
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def option(
    default: Any = attrs.NOTHING,
    *,
    doc: str,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
    choices: tuple[object, ...] | None = None,
    each: bool = False,
    factory: Callable[[], Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Any:
    """A field of a kind: one key of its table.

    Arguments:
        default: Its value when the key is absent; required when not given.
        doc: What it means, with its unit: one line, shown by manual, editor and errors.
        ge, gt, le, lt: Bounds of its range.
        choices: The values it may have.
        each: The bounds and choices are those of the items of a list.
        factory: Makes the default, where it is mutable or costly.
        metadata: Further metadata of the attrs field.

    Returns:
        An `attrs.field`.
    """
    limits = Limits(ge=ge, gt=gt, le=le, lt=lt, choices=choices, each=each)
    return attrs.field(
        default=attrs.Factory(factory) if factory else default,
        converter=_frozen,
        validator=limits,
        metadata={"doc": doc, "limits": limits, **(metadata or {})},
    )
