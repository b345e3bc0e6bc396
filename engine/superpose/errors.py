"""The errors that superpose raises on purpose: each says what is wrong, where, and what to write instead."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from typing import Any


class SuperposeError(Exception):
    """Base of every error whose message is meant for the person at the keyboard.

    Attributes:
        lines: The message, a mistake each; a newline inside one was no intention of ours.
    """

    def __init__(self, *lines: object) -> None:
        self.lines: tuple[str, ...] = tuple(text for line in lines for text in getattr(line, "lines", (str(line),)))
        super().__init__("\n".join(self.lines))


class RecipeError(SuperposeError):
    """A recipe, an option or an input file is wrong; one line a problem."""


class PromptError(RecipeError):
    """A prompt that the model does not know."""


class Notice(UserWarning):
    """News for whoever runs a recipe that stops nothing: the command line prints it in a line."""


@contextlib.contextmanager
def notices(tell: Callable[[Warning | str], None]) -> Iterator[None]:
    """Tell each `Notice` for the length of the block; other warnings are as Python has them."""
    usual = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *place: Any) -> None:
        if issubclass(category, Notice):
            tell(message)
        else:
            usual(message, category, *place)

    warnings.showwarning = show  # type: ignore[assignment]  # its last arguments are handed on as they are
    try:
        yield
    finally:
        warnings.showwarning = usual


class LawError(SuperposeError):
    """A composition breaks a law: parts that do not sum to the identity, a view that is not orthogonal.

    Attributes:
        term: Number of the term of a mix that is at fault; None where no single one is.
    """

    def __init__(self, message: str, term: int | None = None) -> None:
        super().__init__(message)
        self.term = term


class PluginError(SuperposeError):
    """A plugin could not be loaded, or two plugins claim the same kind."""


class RunError(SuperposeError):
    """A run failed after it had started: a disk that is full, a hook that never fired."""
