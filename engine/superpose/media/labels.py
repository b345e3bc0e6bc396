"""Classes as prompts: "" where there are none, a number, or a name from a file of labels."""

from __future__ import annotations

import difflib
from pathlib import Path

from superpose.errors import PromptError, RecipeError
from superpose.media.files import read_text


def class_of(prompt: str, classes: int | None, labels: Path | None = None) -> int | None:
    """The class that a prompt names.

    Arguments:
        prompt: A number from 0, a name from the file, or "" for a network that knows no classes.
        classes: Number of classes; None where the network knows none.
        labels: A text file with a name in each line, the first for class 0; several names of one class have commas
            between them.

    Returns:
        The class; None where the network knows none.

    Raises:
        PromptError: If the prompt names no class; the nearest names are listed.
    """
    if classes is None:
        if prompt:
            raise PromptError(f'prompt {prompt!r}: this network knows no classes; write ""')
        return None
    if prompt.isascii() and prompt.isdigit() and int(prompt) < classes:
        return int(prompt)
    names = _names(labels, classes)
    if prompt.casefold() in names:
        return names[prompt.casefold()]
    near = difflib.get_close_matches(prompt.casefold(), names, n=3)
    known = f"; did you mean {', '.join(map(repr, near))}?" if near else ""
    need = "" if labels is not None else "; for names give `labels`, a file with one in each line"
    raise PromptError(f"prompt {prompt!r}: write a class from 0 to {classes - 1}{known}{need}")


def _names(labels: Path | None, classes: int) -> dict[str, int]:
    if labels is None:
        return {}
    lines = read_text(labels).splitlines()
    if len(lines) != classes:
        raise RecipeError(f"{labels} has {len(lines)} lines, and the network knows {classes} classes: one in each line")
    named: dict[str, int] = {}
    for number, line in enumerate(lines):
        for name in (line, *line.split(",")):
            named.setdefault(name.strip().casefold(), number)
    return named
