"""A page for each role: its kinds with their options, ranges, defaults, papers and an example."""

from __future__ import annotations

from typing import Any

from generator.prose import cell, fenced, first_sentence, key_table, markdown
from superpose.kinds.roles import ROLES
from superpose.plugins import Registry
from superpose.recipe.example import example
from superpose.recipe.language import inside, of_class
from superpose.running.citation import bibtex


def page(role: str, registry: Registry) -> str:
    """The page of a role."""
    kinds = registry.kinds(role)
    parts = [f"# {ROLES[role].title}", ROLES[role].text]
    rows = [f"| [`{name}`](#{name}) | {cell(first_sentence(cls.__doc__))} |" for name, cls in kinds.items()]
    parts.append("\n".join(["| kind | what it is |", "|---|---|", *rows]))
    parts += [_kind(cls, registry) for cls in kinds.values()]
    if entries := dict.fromkeys(bibtex(paper) for cls in kinds.values() for paper in cls.papers):
        parts += ["## BibTeX", fenced("bibtex", "\n\n".join(entries))]
    return "\n\n".join(parts) + "\n"


def _kind(cls: Any, registry: Registry) -> str:
    parts = [f"## {cls.kind}", markdown(cls.__doc__)]
    if options := of_class(cls):
        parts.append(key_table(options, "option"))
    for table in inside(cls):
        parts += [f"`{table.heading}`: {markdown(table.text)}", key_table(table.keys)]
    parts.append(fenced("toml", example(cls, registry)))
    if cls.papers:
        parts.append("Papers: " + ", ".join(map(_name, cls.papers)) + ".")
    return "\n\n".join(parts)


def _name(paper: str) -> str:
    where, _, number = paper.partition(" ")
    if where == "arXiv":
        return f"[{paper}](https://arxiv.org/abs/{number})"
    if where == "doi":
        return f"[{paper}](https://doi.org/{number})"
    key = paper.partition("{")[2].partition(",")[0]
    return f"[{key}](#bibtex)"
