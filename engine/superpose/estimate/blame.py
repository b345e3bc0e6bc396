"""Whose code something is: a class, a coroutine or an error, with its plugin and line, as messages name it."""

from __future__ import annotations

import inspect
import traceback
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, NoReturn

from superpose.errors import PluginError

if TYPE_CHECKING:
    from torch import Tensor

_HERE = Path(__file__).parent.parent


def whose(maker: object, method: str = "") -> str:
    """The class of an object (or a class) and where it is written.

    Like ``Faded.estimate of plugin 'fading' (superpose-fading 0.3), fading.py:28``.
    """
    cls = maker if isinstance(maker, type) else type(maker)
    function = inspect.unwrap(getattr(cls, method or "__init__", cls))
    title = f"{cls.__name__}.{method}" if method else cls.__name__
    return _told(title, cls.__module__, getattr(function, "__code__", None))


def whose_code(code: CodeType, module: str) -> str:
    """The same of a function or coroutine."""
    return _told(_title(code), module, code)


def place_of(error: BaseException) -> str:
    """The innermost line outside the engine that an error went through, and whose it is."""
    steps = [*traceback.walk_tb(error.__traceback__)]
    theirs = [(frame, line) for frame, line in steps if not Path(frame.f_code.co_filename).is_relative_to(_HERE)]
    frame, line = (theirs or steps)[-1]
    return _told(_title(frame.f_code), frame.f_globals.get("__name__", ""), frame.f_code, line)


def article(value: object) -> str:
    """The type of a value as a sentence names it: ``a numpy.ndarray``."""
    if value is None:
        return "nothing"
    cls = type(value)
    name = cls.__name__ if cls.__module__ == "builtins" else f"{cls.__module__.partition('.')[0]}.{cls.__name__}"
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def must_be_rows(value: object, maker: object, method: str, rows: int) -> None:
    """Refuse what a method returned unless it is a tensor of so many rows.

    Raises:
        PluginError: It names the class, its plugin and its line.
    """
    import torch

    if not isinstance(value, torch.Tensor):
        blamed(maker, method, f"returns {article(value)}, and must return a torch.Tensor")
    if not value.dim() or value.shape[0] != rows:
        blamed(maker, method, f"returns a tensor of shape {tuple(value.shape)} for {rows} rows")


def must_be_images(value: object, maker: object, method: str) -> None:
    """Refuse what a method returned of one image unless it is one, of whatever size.

    Raises:
        PluginError: As `must_be_rows`.
    """
    must_be_rows(value, maker, method, 1)
    if len(value.shape) != 4:  # type: ignore[attr-defined]  # a tensor, as the line above has seen
        shape = tuple(value.shape)  # type: ignore[attr-defined]
        blamed(maker, method, f"returns a tensor of shape {shape}, and must return images, (N, C, H, W)")


def must_be_like(value: object, x: Tensor, maker: object, method: str) -> None:
    """Refuse what a method returned unless it is a tensor of the shape of ``x``.

    Raises:
        PluginError: As `must_be_rows`.
    """
    must_be_rows(value, maker, method, len(x))
    if value.shape != x.shape:  # type: ignore[attr-defined]  # a tensor, as the line above has seen
        shapes = tuple(value.shape), tuple(x.shape)  # type: ignore[attr-defined]
        blamed(maker, method, f"returns a tensor of shape {shapes[0]}, and must return one of {shapes[1]}")


def refuse_old_names(cls: type, **names: str) -> None:
    """Refuse a class that defines a method under an old name, with the new one: it would be ignored in silence.

    Raises:
        PluginError: It names the class and both.
    """
    for old, new in names.items():
        if old in vars(cls):
            raise PluginError(
                f"{cls.__module__}.{cls.__qualname__}.{old} is called {new} now, and yields a superpose.Problem for "
                "each thing that is wrong, where it raised an error"
            )


def blamed(maker: object, method: str, what: str) -> NoReturn:
    """Raise the `PluginError` of a method that does ``what`` it must not."""
    raise PluginError(f"{whose(maker, method)} {what}")


def _told(title: str, module: str, code: CodeType | None, line: int | None = None) -> str:
    place = f", {code.co_filename}:{line or code.co_firstlineno}" if code else ""
    return f"{title}{_plugin(module)}{place}"


def _plugin(module: str) -> str:
    from superpose.plugins import load_plugins  # asked only where something is wrong already

    root = module.partition(".")[0]
    for plugin in load_plugins().plugins:
        if plugin.module and plugin.module.partition(".")[0] == root:
            return f" of plugin {plugin.name!r} ({plugin.label})"
    return ""


def _title(code: CodeType) -> str:
    return code.co_qualname.rpartition("<locals>.")[2]
