"""A page for each hook, made from its specification: the exact signature, and the interface of what it registers."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from generator.prose import fenced, markdown, signature
from superpose.kinds.roles import ROLES, Role
from superpose.plugins import hooks as specifications

_MARK = "superpose_spec"  # where pluggy leaves the options of a specification


def specified() -> dict[str, Any]:
    """The hooks there are by name, in the order they are written."""
    found = inspect.getmembers(specifications, lambda it: inspect.isfunction(it) and hasattr(it, _MARK))
    return dict(sorted(found, key=lambda it: it[1].__code__.co_firstlineno))


def page(name: str) -> str:
    """The page of a hook."""
    hook = specified()[name]
    parts = [f"# {name}", fenced("python", "@hookspec\n" + signature(hook, name) + ": ..."), markdown(hook.__doc__)]
    parts += [line for role in ROLES.values() if role.hook == name for line in _registration(role)]
    return "\n\n".join(parts) + "\n"


def _registration(role: Role) -> Iterator[str]:
    yield (
        f"A plugin marks its function with `@superpose.hookimpl`. `register` takes one class at a time, "
        f"returns it, and so serves as a decorator too; it refuses what is no {role.name} with the reason. "
        f"How one is written: [{role.name}](../../howto/{role.name}.md). "
        f"What is registered: [{role.title.lower()}](../{role.name}.md)."
    )
    yield fenced(
        "python", f"from superpose import hookimpl\n\n@hookimpl\ndef {role.hook}(register):\n    register(Mine)"
    )
    yield f"## What a {role.name} is"
    yield markdown(role.base.__doc__)
    for member, value in vars(role.base).items():
        if member.startswith("_"):
            continue
        if isinstance(value, property):
            yield _member(member, f"{member}: {_returned(value)}", value.fget)
        elif inspect.isfunction(value):
            yield _member(member, signature(value, member), value)


def _member(name: str, written: str, member: Any) -> str:
    must = " (must be written)" if getattr(member, "__isabstractmethod__", False) else ""
    return "\n\n".join([f"### {name}{must}", fenced("python", written), markdown(member.__doc__)])


def _returned(value: property) -> str:
    return str(inspect.signature(value.fget).return_annotation) if value.fget else ""
