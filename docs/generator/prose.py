"""Docstrings as Markdown: formulas, names of code, and the sections Arguments, Returns, Raises and Attributes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from typing import Any

from superpose.recipe.language import Key

SECTIONS = ("Arguments", "Attributes", "Returns", "Raises")
_INLINE_MATH = re.compile(r":math:`([^`]*)`")
_BLOCK_MATH = re.compile(r"^\.\. math:: (.*(?:\n +\S.*)*)", re.MULTILINE)
_ITEM = re.compile(r"^ {4}(\*{0,2}\w+(?:, \w+)*): (.*)")


def markdown(docstring: str | None) -> str:
    """A docstring, cleaned, as Markdown."""
    text = inspect.cleandoc(docstring or "")
    text = _BLOCK_MATH.sub(lambda found: f"$$ {' '.join(found[1].split())} $$", text)
    text = _INLINE_MATH.sub(lambda found: f"${' '.join(found[1].split())}$", text)
    text = text.replace("``", "`")
    return "\n\n".join(_paragraph(part) for part in text.split("\n\n"))


def first_sentence(docstring: str | None) -> str:
    """The first paragraph of a docstring, on one line, as Markdown."""
    return " ".join(markdown(docstring).split("\n\n", maxsplit=1)[0].split())


def signature(call: Callable[..., Any], name: str) -> str:
    """How a function is written, with annotations as they stand in the source; a parameter a line where it is long."""
    read = inspect.signature(call)
    parameters = [it.replace(annotation=_plain(it.annotation)) for it in read.parameters.values()]
    plain = read.replace(parameters=parameters, return_annotation=_plain(read.return_annotation))
    line = f"def {name}{plain}"
    if len(line) <= 110:
        return line
    returned = "" if plain.return_annotation is inspect.Signature.empty else f" -> {plain.return_annotation!r}"
    inside, starred = [], False
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            inside.append("*")
        starred |= parameter.kind in (parameter.KEYWORD_ONLY, parameter.VAR_POSITIONAL)
        inside.append(str(parameter))
    return f"def {name}(\n" + "".join(f"    {it},\n" for it in inside) + f"){returned}"


def fenced(language: str, text: str) -> str:
    """A block of code."""
    return f"```{language}\n{text.rstrip()}\n```"


def cell(text: str) -> str:
    """Text that may stand in a table."""
    return " ".join(text.split()).replace("|", "\\|")


def key_table(keys: Iterable[Key], what: str = "key") -> str:
    """The table of keys or options: a row for each."""
    rows = [f"| `{key.name}` | {cell(key.value)} | {_default(key)} | {cell(key.text)} |" for key in keys]
    return "\n".join([f"| {what} | value | default | meaning |", "|---|---|---|---|", *rows])


def _default(key: Key) -> str:
    return "*required*" if key.required else f"`{cell(key.default)}`" if key.default else "*none*"


class _Words:
    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def _plain(annotation: Any) -> Any:
    """An annotation that is shown without quotes."""
    return _Words(annotation) if isinstance(annotation, str) else annotation


def _paragraph(part: str) -> str:
    first, _, rest = part.partition("\n")
    if first.rstrip(":") in SECTIONS and first.endswith(":"):
        return _section(first.rstrip(":"), rest)
    if first.startswith(">>> "):
        return fenced("pycon", part)
    if re.fullmatch(r"=+( +=+)+", first):  # a table of reStructuredText
        return fenced("text", part)
    return part


def _section(title: str, body: str) -> str:
    items: list[str] = []
    for line in body.split("\n"):
        if found := _ITEM.match(line):
            items.append(f"- `{found[1]}`: {found[2]}")
        elif items:
            items[-1] += f" {line.strip()}"
        else:
            items.append(line.strip())
    return f"**{title}**\n\n" + "\n".join(items)
