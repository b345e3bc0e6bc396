"""Plain TOML values into typed ones, going on after every mistake so that all of them are told at once."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Literal, TypeVar

from superpose.errors import RecipeError, SuperposeError
from superpose.kinds.kind import Kind
from superpose.kinds.options import Choice, Either, Form, Listed, Named, Nested, Option, Row, Scalar, options_of
from superpose.kinds.spelling import nearest, suggestion
from superpose.plugins.registry import Registry
from superpose.recipe.mistakes import header, shown
from superpose.recipe.overrides import OverrideValue
from superpose.recipe.patterns import is_pattern, matches
from superpose.recipe.renamed import renamed
from superpose.recipe.where import KeyPath, TomlTable

T = TypeVar("T")

TEXT = Scalar(str)
#: What is said of a file that is none of those that a recipe may name.
UNKNOWN = "the file {} does not travel with the recipe: give it, --input NAME=PATH"


class Wrong(Enum):
    """The type of `WRONG`, so that a type checker lets nobody take a value for right that may be wrong."""

    WRONG = "wrong"


#: Stands for a value that is wrong; the mistake has been noted.
WRONG: Literal[Wrong.WRONG] = Wrong.WRONG


def all_right(values: Iterable[T | Wrong]) -> tuple[T, ...] | Wrong:
    """The values, or `WRONG` where one of them is; each is read before any is judged."""
    read = tuple(values)
    right = tuple(value for value in read if value is not WRONG)
    return right if len(right) == len(read) else WRONG


class Reader:
    """Reads values, each by the form that its option has, and notes mistakes.

    Attributes:
        registry: The kinds there are.
        folder: What relative paths in the file are relative to; those in overrides are relative to the working folder.
        files: The only files that the recipe may name, by what it calls them; None for any that is there.
        unknown: What is said of another.
        mistakes: What was wrong so far, as (path, what).
    """

    def __init__(
        self, registry: Registry, folder: Path, files: Mapping[str, Path] | None = None, unknown: str = UNKNOWN
    ) -> None:
        self.registry = registry
        self.folder = folder
        self.files, self.unknown = files, unknown
        self.mistakes: list[tuple[KeyPath, str]] = []

    def wrong(self, path: KeyPath, what: str) -> Wrong:
        """Note a mistake; returns `WRONG`."""
        self.mistakes.append((path, what))
        return WRONG

    def value(self, form: Form, given: object, path: KeyPath) -> object | Wrong:  # noqa: PLR0911  (one return a form)
        """One value of an option, or `WRONG`."""
        folder = self.folder
        if isinstance(given, OverrideValue):
            folder = given.folder or Path.cwd()
            given = _settled(form, given)
        if isinstance(form, Either):
            fitting = [inner for inner in form.forms if inner.fits(given)]
            return self.value(fitting[0], given, path) if fitting else self._unfit(form, given, path)
        if not form.fits(given):
            return self._unfit(form, given, path)
        match form, given:
            case Scalar(kind), int() | float() as number if kind is float:
                return self._number(number, path)
            case Scalar(kind), str() as name if kind is Path:
                return self._file(folder, name, path)
            case Listed(item), list() as values:
                return self._items([item] * len(values), values, path)
            case Row(items), list() as values if len(items) != len(values):
                return self.wrong(path, f"expected {form.words}, got {len(values)}")
            case Row(items), list() as values:
                return self._items(items, values, path)
            case Nested(cls), dict() as table:
                return self.options(cls, table, path)
            case Named(role), _:
                return self.kind(role, given, path)
            case _:
                return given

    def text(self, given: object, path: KeyPath) -> str | Wrong:
        """A text, or `WRONG`."""
        text = self.value(TEXT, given, path)
        return text if isinstance(text, str) else WRONG

    def table(self, given: object, path: KeyPath, example: str) -> TomlTable | Wrong:
        """A table as it is, or `WRONG`."""
        if isinstance(given, dict):
            return given
        found = given.value if isinstance(given, OverrideValue) else given
        return self.wrong(path, f"expected a table, got {shown(found)}; write {example}")

    def tables(self, given: object, path: KeyPath) -> list[object] | Wrong:
        """A list of tables as it is, or `WRONG`."""
        if isinstance(given, list) and given:
            return given
        found = given.value if isinstance(given, OverrideValue) else given
        cure = f"write [[{header(path)}]] above each of them"
        return self.wrong(path, f"expected a list of tables, got {shown(found)}; {cure}")

    def kind(self, role: str, given: object, path: KeyPath, beside: Collection[str] = ()) -> Kind | Wrong:
        """An object of a registered kind, or `WRONG`; keys ``beside`` its options are left to others."""
        table = self.table(given, path, f"a table with the kind of a {role}")
        cls = WRONG if table is WRONG else self.named(role, table, path)
        return WRONG if table is WRONG or cls is WRONG else self.options(cls, table, path, ("kind", *beside))

    def named(self, role: str, table: TomlTable, path: KeyPath) -> type[Kind] | Wrong:
        """The class that a table names, or `WRONG`."""
        if "kind" not in table:
            return self.wrong((*path, "kind"), f"missing; known: {self.registry.known(role)}")
        kind = self.text(table["kind"], (*path, "kind"))
        if kind is WRONG:
            return WRONG
        try:
            return self.registry.get(role, kind)
        except RecipeError as error:
            return self.wrong((*path, "kind"), str(error))

    def options(self, cls: type[T], table: TomlTable, path: KeyPath, beside: Collection[str] = ()) -> T | Wrong:
        """An object of ``cls`` from its options, or `WRONG`; keys ``beside`` them are left to others."""
        options = options_of(cls)
        table = renamed(table, path, (*(option.name for option in options), *beside))
        values = {option.name: self.option(option, table, path) for option in options}
        self.unknown_keys(table, (*values, *beside), path)
        given = {name: value for name, value in values.items() if name in table or value is WRONG}
        return self.made(cls, given, path)

    def made(self, make: Callable[..., T], values: Mapping[str, object], path: KeyPath) -> T | Wrong:
        """An object of the class ``make``, or `WRONG` where one of its values is, or where it refuses them together."""
        if any(value is WRONG for value in values.values()):
            return WRONG
        try:
            return make(**values)
        except (ValueError, TypeError, SuperposeError) as error:
            return self.wrong(path, " ".join(str(error).split()))

    def option(self, option: Option, table: TomlTable, path: KeyPath) -> object | Wrong:
        """The value of one option, its default, or `WRONG`."""
        path = (*path, option.name)
        if option.name not in table:
            return (
                self.wrong(path, f"missing ({option.doc}; {option.form.words})") if option.required else option.default
            )
        value = self.value(option.form, table[option.name], path)
        if value is WRONG:
            return WRONG
        try:
            option.check(value)
        except ValueError as error:
            return self.wrong(path, str(error))
        return value

    def unknown_keys(self, table: TomlTable, known: Collection[str], path: KeyPath) -> None:
        """Note every key of ``table`` that is not ``known``."""
        for key in table:
            if key not in known:
                self.wrong((*path, key), f"unknown key{suggestion(key, known)}")

    def _items(self, forms: Collection[Form], given: list[object], path: KeyPath) -> tuple[object, ...] | Wrong:
        pairs = enumerate(zip(forms, given, strict=True))
        return all_right(self.value(form, item, (*path, i)) for i, (form, item) in pairs)

    def _number(self, given: float, path: KeyPath) -> float | Wrong:
        try:
            number = float(given)
        except OverflowError:
            number = math.inf
        return number if math.isfinite(number) else self.wrong(path, f"must be finite, got {shown(given)}")

    def _file(self, folder: Path, given: str, path: KeyPath) -> Path | Wrong:
        if self.files is not None:  # nobody's recipe learns which other files there are
            return self.files.get(given) or self.wrong(path, self.unknown.format(shown(given)))
        file = Path(os.path.normpath(folder.absolute() / given))
        try:
            file.stat()
        except (OSError, ValueError):  # ValueError for a name with a zero byte in it
            if "\0" not in given and is_pattern(file):
                return file if matches(file) else self.wrong(path, f"no file matches {file}")
            return self.wrong(path, f"no such file: {file}")
        return file

    def _unfit(self, form: Form, given: object, path: KeyPath) -> Wrong:
        near = (
            nearest(given, [value for value in _choices(form) if isinstance(value, str)])
            if isinstance(given, str)
            else None
        )
        hint = f"; did you mean {near!r}?" if near else ""
        return self.wrong(path, f"expected {form.words}, got {shown(given)}{hint}")


def _choices(form: Form) -> tuple[object, ...]:
    match form:
        case Choice(values):
            return values
        case Either(forms):
            return tuple(value for inner in forms for value in _choices(inner))
        case _:
            return ()


def _settled(form: Form, said: OverrideValue) -> object:
    """Value of an override where ``form`` is wanted: text stays as it was typed."""
    match form:
        case Scalar(kind) if kind in (str, Path):
            return said.text
        case Choice() | Either():
            return said.value if form.fits(said.value) else said.text
        case _:
            return said.value
