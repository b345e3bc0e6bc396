"""Values of recipes as plain TOML: objects of kinds and subjects as tables, and values on one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePath
from typing import TypeAlias

import attrs
import tomli_w

from superpose.estimate.staggered import ALL
from superpose.kinds.kind import Kind
from superpose.recipe.subject import ComposeTerm, Subject, ViewTerm
from superpose.recipe.where import TomlTable

#: How the path of a file is written.
Paths: TypeAlias = Callable[[Path], str]


def plain(value: object, paths: Paths = PurePath.as_posix) -> object:
    """A value of an option, or an object of a kind, as TOML knows it; None inside an object is left out."""
    if isinstance(value, Path):
        return paths(value)
    if isinstance(value, tuple):
        return [plain(item, paths) for item in value]
    return table_of(value, paths) if attrs.has(type(value)) else value


def table_of(part: object, paths: Paths) -> TomlTable:
    """An object of a kind, or another with options, as a table."""
    tag: TomlTable = {"kind": part.kind} if isinstance(part, Kind) else {}
    cls = type(part)
    fields = [field.name for field in attrs.fields(cls) if field.init] if attrs.has(cls) else []
    given = {name: getattr(part, name) for name in fields}
    return tag | {name: plain(item, paths) for name, item in given.items() if item is not None}


def inline(value: object) -> str:
    """A plain value as it stands to the right of its key, tables and lists on the same line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {inline(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    return tomli_w.dumps({"x": value}).removeprefix("x = ").rstrip("\n")


def subject_table(subject: Subject, paths: Paths) -> TomlTable:
    """The keys of a subject's table."""
    texts = {"model": subject.model, "prompt": subject.prompt, "negative": subject.negative}
    texts["image"] = None if subject.image is None else paths(subject.image)
    texts |= {"fit": subject.fit, "resizer": subject.resizer, "reduction": subject.reduction}
    table: TomlTable = {key: text for key, text in texts.items() if text is not None}
    if subject.interpolate is not None:
        table["interpolate"] = plain(subject.interpolate, paths)
    if subject.guidance is not None:
        table["guidance"] = plain(subject.guidance, paths)
    if subject.guidance_stages:
        table["guidance_stages"] = list(subject.guidance_stages)
    if subject.view:
        table["view"] = [_view(term, paths) for term in subject.view]
    if subject.decomposition is not None:
        parts = {name: subject_table(part, paths) for name, part in subject.decomposition.parts}
        table["decomposition"] = table_of(subject.decomposition.decomposition, paths) | parts
    if subject.compose is not None:
        lists = {"and": subject.compose.conjuncts, "not": subject.compose.negated}
        table["compose"] = {key: [_composed(term, paths) for term in terms] for key, terms in lists.items() if terms}
    return table


def _view(term: ViewTerm, paths: Paths) -> TomlTable:
    # Those that take part throughout don't say so: such images have the bytes that they always had.
    own = {} if term.span == ALL else term.span._asdict()
    own |= {"lift": term.lift} if term.lift else {}
    return {**table_of(term.view, paths), "weight": term.weight, **own, **subject_table(term.subject, paths)}


def _composed(term: ComposeTerm, paths: Paths) -> TomlTable:
    return {"weight": term.weight, **subject_table(term.subject, paths)}
