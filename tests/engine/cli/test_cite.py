"""The bibliography: every paper of what ships has its entry, and a plugin brings its own."""

import re
from pathlib import Path

import attrs
import pytest

from superpose import View, load, option
from superpose.cli import main
from superpose.estimate.composed import PAPERS as COMPOSED
from superpose.estimate.interpolation import PAPERS as INTERPOLATED
from superpose.estimate.reduction import PAPERS as REDUCED
from superpose.plugins import load_plugins
from superpose.recipe.json_schema import shipped
from superpose.running import citation
from superpose.running.citation import bibliography, bibtex, used

RECIPES = Path(__file__).parents[3] / "recipes"
REGISTRY = shipped(load_plugins())
KINDS = [cls for role in REGISTRY.roles for cls in REGISTRY.kinds(role).values()]
METHODS = [COMPOSED, INTERPOLATED, *REDUCED.values()]
PAPERS = sorted({paper for papers in [*(cls.papers for cls in KINDS), *METHODS] for paper in papers})
ENTRY = re.compile(r"@(\w+)\{([^\s,]+),\n((?:  \w+ = \{.*\},\n)+)\}")
OWN = """@article{stranger2031,
  title = {Rolling},
  author = {Stranger, Anna},
  year = {2031},
}"""


def fields(entry):
    found = ENTRY.fullmatch(entry)
    assert found, f"not an entry: {entry}"
    pairs = dict(line.strip().removesuffix(",").split(" = ", 1) for line in found[3].splitlines())
    return {name: value[1:-1] for name, value in pairs.items()}


@attrs.frozen(kw_only=True)
class Roll(View):
    """Rolls the image sideways."""

    kind = "roll"
    papers = (OWN, "arXiv 2604.00001", "doi 10.1000/182", "A talk given in Paris")
    columns: int = option(8, doc="columns to roll by", ge=1)

    def apply(self, x):
        return x.roll(self.columns, -1)

    def invert(self, x):
        return x.roll(-self.columns, -1)


@pytest.mark.parametrize("paper", PAPERS)
def test_every_paper_of_what_ships_has_a_full_entry(paper):
    where, number = paper.split(" ", 1)
    given = fields(bibtex(paper))
    assert {"title", "author", "year"} <= set(given), f"{paper} is not in papers.bib"
    if paper.startswith("@"):  # of a paper with neither number the kind has the entry itself
        return
    if where == "doi":
        assert given["doi"] == number
    else:
        assert (given["eprint"], given["archivePrefix"]) == (number, "arXiv")
        # A preprint is out before its proceedings are, by two years at most.
        assert 0 <= int(given["year"]) - (2000 + int(number[:2])) <= 2, f"{paper} of {given['year']}"
    assert all("," in name for name in given["author"].split(" and ")), given["author"]


def test_every_entry_is_read_and_used_and_has_a_key_of_its_own():
    text = citation.files("superpose.running").joinpath("papers.bib").read_text()
    keys = re.findall(r"^@\w+\{(\S+),", text, re.MULTILINE)
    assert len(keys) == len(set(keys)), keys
    assert len(keys) == len(citation._known()) == text.count("@"), "an entry of papers.bib can't be read"
    unused = set(citation._known()) - {paper.split(" ", 1)[1] for paper in PAPERS}
    assert not unused, f"nothing that ships cites {unused}"


def test_a_plugin_brings_its_own_entries():
    own, preprint, article, talk = map(bibtex, Roll.papers)
    assert own == OWN
    assert fields(preprint) == {"eprint": "2604.00001", "archivePrefix": "arXiv"}
    assert fields(article) == {"doi": "10.1000/182"}
    assert fields(talk) == {"note": "A talk given in Paris"}


def test_an_entry_appears_once_below_all_who_cite_it():
    both = bibliography([Roll(columns=1), Roll(columns=2), REGISTRY.get("view", "rotate")()])
    assert both.count("stranger2031") == 1
    assert "% view roll\n@article{stranger2031" in both
    anagram = bibliography([REGISTRY.get("view", "rotate")(), REGISTRY.get("view", "flip")()])
    assert "% view rotate, view flip\n@inproceedings{geng2024visual" in anagram


def test_cite_prints_all_that_a_recipe_uses(capsys):
    path = str(RECIPES / "inpaint.toml")
    assert main(["cite", path]) == 0
    said = capsys.readouterr().out
    kinds = list(used(load(path)))
    assert {kind.kind for kind in kinds} == {"glyphs", "ddpm", "cfg", "inpaint", "static"}
    for kind in kinds:
        for paper in kind.papers:
            assert bibtex(paper) in said, f"{kind.kind} uses {paper}"
    entries = re.findall(r"^@", said, re.MULTILINE)
    assert len(entries) == len({paper for kind in kinds for paper in kind.papers})


def test_methods_of_the_language_are_cited(tmp_path):
    head = '[model]\nkind = "glyphs"\n[scheduler]\nkind = "ddim"\n[[view]]\nkind = "flip"\n'
    (tmp_path / "a.toml").write_text('reduction = "keep-variance"\n' + head + 'compose = {and = ["A"]}')
    said = bibliography(used(load(tmp_path / "a.toml")))
    assert "% compose and\n@inproceedings{liu2022compositional" in said
    assert "% reduction keep-variance\n@inproceedings{xu2025diffusion" in said


def test_the_models_own_clip_is_cited_unless_the_recipe_says_otherwise():
    ambigram = RECIPES / "ambigram.toml"
    assert "static" in [kind.kind for kind in used(load(ambigram))]
    assert "saharia2022" not in bibliography(used(load(ambigram)))
    assert "saharia2022" in bibliography(used(load(ambigram, ['clip.kind="dynamic"'])))
