"""Writing recipes: the canonical TOML of a recipe as it runs, with every option written out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePath

import attrs
import tomli_w

from superpose.kinds.kind import Kind
from superpose.recipe.subject import ComposeTerm, Subject, ViewTerm
from superpose.recipe.tables import STAGE_KEYS, Recipe, Stage
from superpose.recipe.where import TomlTable


def dumps(recipe: Recipe, paths: Callable[[Path], str] = PurePath.as_posix) -> str:
    """The recipe as TOML: defaults included, ``kind`` first, equal text for equal recipes.

    Reading it again gives an equal recipe, wherever it is read, as long as its files are where they were.

    Arguments:
        recipe: What to write.
        paths: How a file's path is written; absolute by default.
    """
    table: TomlTable = {"requires": list(recipe.requires)} if recipe.requires else {}
    subject = _subject(recipe.subject, paths)
    table |= {key: subject.pop(key) for key in ("prompt", "image", "negative", "reduction") if key in subject}
    table |= _roles(recipe, paths)
    if recipe.models:
        table["models"] = {name: plain(model, paths) for name, model in recipe.models}
    table |= subject
    if recipe.stage:
        table["stage"] = [_roles(stage, paths) | _constraints(stage, paths) for stage in recipe.stage]
    table |= _constraints(recipe, paths)
    table["run"] = plain(recipe.run, paths)
    return tomli_w.dumps(table)


def plain(value: object, paths: Callable[[Path], str] = PurePath.as_posix) -> object:
    """A value of an option, or an object of a kind, as TOML knows it; None inside an object is left out."""
    if isinstance(value, Path):
        return paths(value)
    if isinstance(value, tuple):
        return [plain(item, paths) for item in value]
    return _table(value, paths) if attrs.has(type(value)) else value


def _table(part: object, paths: Callable[[Path], str]) -> TomlTable:
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


def _roles(where: Recipe | Stage, paths: Callable[[Path], str]) -> TomlTable:
    parts = {role: getattr(where, role) for role in STAGE_KEYS}
    return {role: plain(part, paths) for role, part in parts.items() if part is not None}


def _constraints(where: Recipe | Stage, paths: Callable[[Path], str]) -> TomlTable:
    constraints = [plain(constraint, paths) for constraint in where.constraint]
    return {"constraint": constraints} if constraints else {}


def _subject(subject: Subject, paths: Callable[[Path], str]) -> TomlTable:
    texts = {"model": subject.model, "prompt": subject.prompt, "negative": subject.negative}
    texts["image"] = None if subject.image is None else paths(subject.image)
    texts["reduction"] = subject.reduction
    table: TomlTable = {key: text for key, text in texts.items() if text is not None}
    if subject.guidance is not None:
        table["guidance"] = plain(subject.guidance, paths)
    if subject.guidance_stages:
        table["guidance_stages"] = list(subject.guidance_stages)
    if subject.view:
        table["view"] = [_view(term, paths) for term in subject.view]
    if subject.decomposition is not None:
        parts = {name: _subject(part, paths) for name, part in subject.decomposition.parts}
        table["decomposition"] = _table(subject.decomposition.decomposition, paths) | parts
    if subject.compose is not None:
        lists = {"and": subject.compose.conjuncts, "not": subject.compose.negated}
        table["compose"] = {key: [_composed(term, paths) for term in terms] for key, terms in lists.items() if terms}
    return table


def _view(term: ViewTerm, paths: Callable[[Path], str]) -> TomlTable:
    return {**_table(term.view, paths), "weight": term.weight, **_subject(term.subject, paths)}


def _composed(term: ComposeTerm, paths: Callable[[Path], str]) -> TomlTable:
    return {"weight": term.weight, **_subject(term.subject, paths)}
