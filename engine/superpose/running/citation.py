"""The papers of what a recipe uses, as BibTeX.

A kind names its papers one by one: ``arXiv 2311.17919``, ``doi 10.1000/182``, or a whole BibTeX entry, which is how a
plugin brings its own. Papers of the kinds that ship are in ``papers.bib``; of another arXiv paper or DOI the entry says
no more than its number, since nothing is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import attrs

from superpose.estimate.composed import PAPERS as COMPOSED
from superpose.estimate.interpolation import PAPERS as INTERPOLATED
from superpose.estimate.reduction import PAPERS as REDUCED

if TYPE_CHECKING:
    from superpose.kinds.kind import Kind
    from superpose.recipe import Recipe, Stage, Subject

_ENTRY = re.compile(r"^@\w+\{.*?^\}", re.DOTALL | re.MULTILINE)
_NUMBER = re.compile(r"^\s*(?:eprint|doi)\s*=\s*\{(.*?)\}", re.MULTILINE)


def bibtex(paper: str) -> str:
    """The BibTeX entry of one line of `Kind.papers`.

    >>> print(bibtex("arXiv 2404.11615").splitlines()[0])
    @inproceedings{geng2024factorized,
    >>> print(bibtex("arXiv 2601.00001"))
    @misc{arXiv:2601.00001,
      eprint = {2601.00001},
      archivePrefix = {arXiv},
    }
    """
    if paper.lstrip().startswith("@"):
        return paper.strip()
    where, _, number = paper.strip().partition(" ")
    number = number.strip()
    match where.lower():
        case "arxiv":
            return _known().get(number) or _minimal(f"arXiv:{number}", eprint=number, archivePrefix="arXiv")
        case "doi":
            return _known().get(number) or _minimal(f"doi:{number}", doi=number)
    key = re.sub(r"[^A-Za-z0-9]+", "-", paper).strip("-")
    return _minimal(key, note=paper.strip())


@attrs.frozen
class Method:
    """A method of the language of recipes itself, which is no kind that a plugin brings.

    Attributes:
        role: The key of a recipe that asks for it.
        kind: Its name there.
        papers: As `Kind.papers`.
    """

    role: str
    kind: str
    papers: tuple[str, ...]


def bibliography(kinds: Iterable[Kind | Method]) -> str:
    """The entries of all papers of these, each once and in their order, below the names of those who cite it."""
    users: dict[str, list[str]] = {}
    for kind in kinds:
        for paper in kind.papers:
            names = users.setdefault(bibtex(paper), [])
            if (name := f"{kind.role} {kind.kind}") not in names:
                names.append(name)
    # BibTeX skips what stands between entries.
    return "\n\n".join(f"% {', '.join(names)}\n{entry}" for entry, names in users.items())


def used(recipe: Recipe) -> Iterator[Kind | Method]:
    """Everything that takes part in a run of the recipe, the model's own clip included."""
    yield from recipe.kinds()
    yield from _methods(recipe.subject)
    stages: tuple[Recipe | Stage, ...] = (recipe, *recipe.stage)
    for stage in stages:
        if stage.clip is None and (clip := stage.model.clip) is not None:
            yield clip


def _methods(subject: Subject) -> Iterator[Method]:
    if subject.compose is not None:
        yield Method("compose", "and", COMPOSED)
    if subject.reduction is not None:
        yield Method("reduction", subject.reduction, REDUCED.get(subject.reduction, ()))
    if subject.is_between:
        yield Method("interpolate", "prompts", INTERPOLATED)
    for inner in subject.inner:
        yield from _methods(inner)


@cache
def _known() -> dict[str, str]:
    """The entries that ship, by their arXiv numbers or DOIs."""
    text = files("superpose.running").joinpath("papers.bib").read_text(encoding="utf-8")
    found = ((entry, _NUMBER.search(entry)) for entry in _ENTRY.findall(text))
    return {number[1]: entry for entry, number in found if number}


def _minimal(key: str, **fields: str) -> str:
    body = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
    return f"@misc{{{key},\n{body}}}"
