"""The options of a kind: the one place that reads the annotations of its fields.

Loader, schema and manual all go by what is said here, so that they can't disagree.
"""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import attrs

from superpose.kinds.kind import Kind, Limits

# A validator is told which field it judges; Limits does not ask.
_ANY_FIELD: Any = None
_WORDS = {int: "a whole number", float: "a number", str: "text", bool: "true or false", Path: "a path"}


@attrs.frozen
class Scalar:
    """One value: int, float (an int will do), str, bool or Path (written as text)."""

    type: type

    @property
    def words(self) -> str:
        """Name of the form in an error or a manual."""
        return _WORDS[self.type]

    def fits(self, value: object) -> bool:
        """True where a TOML value is one; True is not a number."""
        accepted = {float: (int, float), Path: (str,)}.get(self.type, (self.type,))
        return type(value) in accepted


@attrs.frozen
class Choice:
    """One of a few values."""

    values: tuple[object, ...]

    @property
    def words(self) -> str:
        """Name of the form in an error or a manual."""
        return "one of " * (len(self.values) > 1) + ", ".join(map(repr, self.values))

    def fits(self, value: object) -> bool:
        """True where a TOML value is one of them, and of the same type: True is not 1."""
        return any(type(value) is type(mine) and value == mine for mine in self.values)


@attrs.frozen
class Listed:
    """A list of any length; a tuple in Python."""

    item: Form

    @property
    def words(self) -> str:
        """Name of the form in an error or a manual."""
        return f"a list (each item {self.item.words})"

    def fits(self, value: object) -> bool:
        """True where a TOML value is a list; its items are not looked at."""
        return isinstance(value, list)


@attrs.frozen
class Row:
    """A list of fixed length; a tuple in Python."""

    items: tuple[Form, ...]

    @property
    def words(self) -> str:
        """Name of the form in an error or a manual."""
        return f"a list of {len(self.items)} ({', '.join(item.words for item in self.items)})"

    def fits(self, value: object) -> bool:
        """True where a TOML value is a list; its items are not looked at."""
        return isinstance(value, list)


@attrs.frozen
class Nested:
    """A table with options of its own."""

    cls: type

    @property
    def words(self) -> str:
        """Name of the form in an error or a manual."""
        return "a table"

    def fits(self, value: object) -> bool:
        """True where a TOML value is a table; its keys are not looked at."""
        return isinstance(value, dict)


@attrs.frozen
class Named:
    """A table that names a registered kind of a role."""

    role: str

    @property
    def words(self) -> str:
        """Name of the form in an error or a manual."""
        return f"a table with the kind of {'an' if self.role[0] in 'aeiou' else 'a'} {self.role}"

    def fits(self, value: object) -> bool:
        """True where a TOML value is a table; its keys are not looked at."""
        return isinstance(value, dict)


@attrs.frozen
class Either:
    """One of several forms, of which at most one fits a value at first sight."""

    forms: tuple[Form, ...]

    @property
    def words(self) -> str:
        """Name of the form in an error or a manual."""
        return " or ".join(form.words for form in self.forms)

    def fits(self, value: object) -> bool:
        """True where one of the forms fits a TOML value."""
        return any(form.fits(value) for form in self.forms)


Form = Scalar | Choice | Listed | Row | Nested | Named | Either


@attrs.frozen
class Option:
    """One key of a kind's table.

    Attributes:
        name: The key.
        form: Which values it takes.
        doc: What it means, in one line.
        limits: Its range.
        default: Its value when the key is absent; `attrs.NOTHING` where it must be given. None for "not given".
    """

    name: str
    form: Form
    doc: str
    limits: Limits
    default: object

    @property
    def required(self) -> bool:
        """True where the key must be there."""
        return self.default is attrs.NOTHING

    def check(self, value: object) -> None:
        """Raise ValueError if ``value`` is out of range; None, for "not given", never is."""
        if value is not None:
            self.limits(None, _ANY_FIELD, value)


def options_of(cls: type) -> tuple[Option, ...]:
    """The options of a frozen attrs class, in the order they are written.

    Raises:
        TypeError: If a field was not made by `superpose.option`, or has a type that no recipe can write.
    """
    return _options_of(cls)


@functools.cache
def _options_of(cls: type) -> tuple[Option, ...]:
    try:
        attrs.resolve_types(cls)
    except NameError as error:
        raise TypeError(
            f"the options of {cls.__name__} can't be read: {error}; import it at run time, not under TYPE_CHECKING"
        ) from error
    return tuple(_option(cls, field) for field in attrs.fields(cls) if field.init)


def paths_read(cls: type, values: dict[str, object]) -> dict[str, object]:
    """The values of a kind's options, with a `Path` for each text where an option takes a path."""
    forms = {option.name: option.form for option in options_of(cls)}
    return {name: _path_read(forms.get(name), value) for name, value in values.items()}


def _path_read(form: Form | None, value: object) -> object:
    match form:
        case Scalar() if form.type is Path and isinstance(value, str):
            return Path(value)
        case Listed(item) if isinstance(value, list | tuple):
            return tuple(_path_read(item, one) for one in value)
        case Either(forms) if isinstance(value, str) and Scalar(Path) in forms:
            return Path(value)
        case _:
            return value


def _option(cls: type, field: attrs.Attribute[Any]) -> Option:
    where = f"option {field.name!r} of {cls.__name__}"
    limits = field.metadata.get("limits")
    if not isinstance(limits, Limits):
        raise TypeError(f"{where} is not made by superpose.option(default, doc=...)")
    if field.name.startswith("_"):
        raise TypeError(f"{where} starts with an underscore: no recipe can write it")
    default: Any = field.default
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]  # Factory is a class at run time, a function in the stubs
        default = default.factory()
    try:
        form, may_be_none = _form_or_none(field.type)
    except TypeError as error:
        raise TypeError(f"{where}: {error}") from None
    if may_be_none and default is not None:
        raise TypeError(f"{where} may be None, which no recipe can write, so None must be its default")
    return Option(field.name, form, str(field.metadata["doc"]), limits, default)


def _form_or_none(annotation: object) -> tuple[Form, bool]:
    if typing.get_origin(annotation) not in (typing.Union, types.UnionType):
        return _form(annotation), False
    members = [member for member in typing.get_args(annotation) if member is not types.NoneType]
    forms = tuple(_form(member) for member in members)
    shapes = [_shape(form) for form in forms]
    if len(set(shapes)) < len(shapes):
        raise TypeError(f"{annotation} is ambiguous: two of its forms look alike in a recipe")
    return (forms[0] if len(forms) == 1 else Either(forms)), types.NoneType in typing.get_args(annotation)


def _form(annotation: object) -> Form:
    origin, inside = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation in _WORDS:
        return Scalar(annotation)
    if origin is Literal and all(type(value) in (int, str, bool) for value in inside):
        return Choice(inside)
    if origin is tuple and len(inside) == 2 and inside[1] is Ellipsis:
        return Listed(_form(inside[0]))
    if origin is tuple:
        return Row(tuple(_form(item) for item in inside))
    if isinstance(annotation, type) and issubclass(annotation, Kind) and "role" in vars(annotation):
        return Named(annotation.role)
    if isinstance(annotation, type) and attrs.has(annotation):
        return Nested(annotation)
    raise TypeError(
        f"no recipe can write a {annotation}; use int, float, str, bool, Path, Literal, tuple, a role, "
        "a frozen attrs class, or one of these with None"
    )


def _shape(form: Form) -> object:
    """Types of TOML that a value of that form has; numbers of both types differ, as do choice and free text."""
    match form:
        case Scalar(kind):
            return str if kind is Path else kind
        case Listed() | Row():
            return list
        case Nested() | Named():
            return dict
        case _:
            return form


def nested_options(cls: type) -> Iterator[Option]:
    """The options of ``cls`` and of all tables inside it, each table once.

    Raises:
        TypeError: As `options_of`.
    """
    seen = {cls}
    left = [cls]
    while left:
        for option in options_of(left.pop()):
            yield option
            found = {form.cls for form in _inside(option.form) if isinstance(form, Nested)} - seen
            seen |= found
            left += sorted(found, key=lambda it: it.__qualname__)


def _inside(form: Form) -> Iterator[Form]:
    yield form
    match form:
        case Listed(item):
            yield from _inside(item)
        case Row(items) | Either(items):
            for item in items:
                yield from _inside(item)
