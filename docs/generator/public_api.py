"""The pages of what Python may import: the public API, and the laws for those who write plugins."""

from __future__ import annotations

import ast
import importlib
import inspect
import itertools
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import superpose
import superpose.testing
from generator.prose import fenced, markdown, signature


def public_api() -> str:
    """Every name of `superpose`, by the module it comes from."""
    intro = (
        "What is here is promised, what is not may change: see [what plugins can rely on](../plugins-policy.md). "
        "Examples are in [superpose in Python](../python.md)."
    )
    names = [name for name in superpose.__all__ if not isinstance(getattr(superpose, name), ModuleType)]
    return (
        "\n\n".join(
            ["# Python", intro, *(_name(name, getattr(superpose, name)) for name in sorted(names, key=str.lower))]
        )
        + "\n"
    )


def laws() -> str:
    """The laws of `superpose.testing`."""
    parts = ["# Laws", markdown(superpose.testing.__doc__)]
    parts += [_name(name, getattr(superpose.testing, name)) for name in superpose.testing.__all__]
    return "\n\n".join(parts) + "\n"


def _name(name: str, value: Any) -> str:
    return "\n\n".join([f"## {name}", *_description(name, value)])


def _description(name: str, value: Any) -> Iterator[str]:
    if inspect.isclass(value) and value.__name__ == name:
        bases = [base.__name__ for base in value.__bases__ if base.__module__.startswith("superpose")]
        yield fenced("python", f"class {name}" + (f"({', '.join(bases)})" if bases else ""))
        yield markdown(value.__doc__)
        for member, method in vars(value).items():
            # What nobody described is no part of the promise: methods that attrs or a tuple brought.
            if inspect.isfunction(method) and not member.startswith("_") and method.__doc__:
                yield fenced("python", signature(method, member))
                yield markdown(method.__doc__)
    elif inspect.isfunction(value):
        yield fenced("python", signature(value, name))
        yield markdown(value.__doc__)
    else:
        source, text = _constant(name, "superpose.testing" if hasattr(superpose.testing, name) else "superpose")
        yield fenced("python", source if callable(value) else f"{name} = {value!r}")
        yield text


def _constant(name: str, module: str) -> tuple[str, str]:
    """The definition of a name that is no class or function, and the ``#:`` comment above it."""
    source = _source(module)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module and name in (alias.name for alias in node.names):
            return _constant(name, node.module)
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if isinstance(node, ast.Assign | ast.AnnAssign) and name in (getattr(it, "id", "") for it in targets):
            above = source.splitlines()[: node.lineno - 1]
            comment = itertools.takewhile(lambda line: line.startswith("#:"), reversed(above))
            text = " ".join(line.removeprefix("#:").strip() for line in reversed([*comment]))
            return ast.get_source_segment(source, node) or name, markdown(text)
    raise LookupError(f"{name} is not defined in {module}")


def _source(module: str) -> str:
    """The text of a module; of its stub, where it has one."""
    path = Path(importlib.import_module(module).__file__ or "")
    stub = path.with_suffix(".pyi")
    return (stub if stub.exists() else path).read_text(encoding="utf-8")
