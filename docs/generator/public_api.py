"""The pages of what Python may import: the public API, and the laws for those who write plugins."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
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
    if inspect.isclass(value):
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
        yield fenced("python", f"{name} = {str(value).replace('typing.', '')}" if not callable(value) else name)
