"""The table of a kind as a recipe writes it: every option with its default, for manuals."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

from superpose.estimate.decomposition import Decomposition
from superpose.kinds.kind import Kind
from superpose.kinds.options import (
    Choice,
    Either,
    Form,
    Listed,
    Named,
    Nested,
    Option,
    Row,
    Scalar,
    options_of,
    paths_read,
)
from superpose.kinds.roles import ROLES
from superpose.plugins import Registry, load_plugins
from superpose.plugins.validate import names_of, names_of_all
from superpose.recipe.plain import inline, plain
from superpose.recipe.where import TomlTable
from superpose.sampling.observed import Observed

PROMPTS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def example(cls: type[Kind], registry: Registry | None = None) -> str:
    """The table of a kind, as TOML.

    An option that must be given has a value that fits, one that is absent by default is left out, and what a subject
    needs beside the options is there.

    Arguments:
        cls: The class of the kind.
        registry: The kinds that an option of it may name; all installed ones by default.
    """
    registry = registry or load_plugins()
    table = _table(cls, registry)
    if cls.role == "view":
        table["prompt"] = PROMPTS[0]
    elif issubclass(cls, Decomposition):
        options = {name: value for name, value in table.items() if name != "kind"}
        names = names_of_all(cls) or names_of(cls(**paths_read(cls, options)))
        table |= dict(zip(names, itertools.cycle(PROMPTS), strict=False))
    body = _lines(table)
    if host := _host(cls.role, registry):
        holder, name = host
        needed = [option for option in options_of(holder) if option.required and option.name != name]
        return f"{_heading(holder.role)}{_lines(_filled(holder, needed, registry))}\n[{holder.role}.{name}]\n{body}"
    return _heading(cls.role) + body


def _heading(role: str) -> str:
    name = f"{ROLES[role].inside}.{role}" if ROLES[role].inside else role
    return f"[[{name}]]\n" if ROLES[role].many else f"[{name}]\n"


def _lines(table: TomlTable) -> str:
    """A table without its heading; tables inside it are written on the line of their key, as it has no place yet."""
    return "".join(f"{key} = {inline(value)}\n" for key, value in table.items())


def _host(role: str, registry: Registry) -> tuple[type[Kind], str] | None:
    """A kind with a table of its own that takes kinds of a role which has none, and its option; None for other roles.

    Of several it is the one that takes most kinds of that role.
    """
    if ROLES[role].in_recipe:
        return None
    holders = [cls for name in ROLES if ROLES[name].in_recipe for cls in registry.kinds(name).values()]
    hosts = [(cls, option.name) for cls in holders for option in options_of(cls) if option.form == Named(role)]
    return min(hosts, key=lambda host: _demands(host[0]), default=None)


def _demands(cls: type[Kind]) -> int:
    return cls.linear + cls.spectral if issubclass(cls, Observed) else 0


def _table(cls: type, registry: Registry) -> TomlTable:
    return _filled(cls, options_of(cls), registry)


def _filled(cls: type, options: Iterable[Option], registry: Registry) -> TomlTable:
    tag: TomlTable = {"kind": cls.kind} if issubclass(cls, Kind) else {}
    values = {option.name: _value(option, registry) for option in options}
    return tag | {name: value for name, value in values.items() if value is not None}


def _value(option: Option, registry: Registry) -> object:
    if not option.required:
        return plain(option.default)
    limits = option.limits
    if limits.choices is not None:
        given = limits.choices[0]
        return [given] if limits.each else given
    value = _fitting(option.form, option.name, registry)
    return [_within(option, item) for item in value] if isinstance(value, list) else _within(option, value)


def _within(option: Option, value: object) -> object:
    """A number in range, near ``value``; what is no number as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    limits, whole = option.limits, type(value)
    low = limits.ge if limits.ge is not None else limits.gt
    high = limits.le if limits.le is not None else limits.lt
    tries = [value, *(bound for bound in (low, high) if bound is not None)]
    tries += [low + 1] if low is not None else []
    tries += [high - 1] if high is not None else []
    tries += [(low + high) / 2] if low is not None and high is not None else []
    return next((whole(number) for number in tries if _fits(option, whole(number))), value)


def _fits(option: Option, value: float) -> bool:
    try:
        option.check((value,) if option.limits.each else value)
    except ValueError:
        return False
    return True


def _fitting(form: Form, name: str, registry: Registry) -> object:  # noqa: PLR0911  (one return a form)
    match form:
        case Scalar(kind):
            return {int: 1, float: 1.0, str: name, bool: True, Path: f"{name}.png"}[kind]
        case Choice(values):
            return values[0]
        case Listed(Named() as item):  # a list of kinds is for more than one
            return [_fitting(item, name, registry), _fitting(item, name, registry)]
        case Listed(item):
            return [_fitting(item, name, registry)]
        case Row(items):
            return [_fitting(item, name, registry) for item in items]
        case Either(forms):
            return _fitting(forms[0], name, registry)
        case Nested(cls):
            return _table(cls, registry)
        case Named(role):
            # One that need be told nothing, which may be another of the same role.
            simplest = min(registry.kinds(role).values(), key=_needs, default=None)
            return {"kind": role} if simplest is None else _table(simplest, registry)


def _needs(cls: type) -> int:
    return sum(option.required for option in options_of(cls))
