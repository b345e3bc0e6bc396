"""Citations: the entries that ship, entries of a plugin's own, and each paper once with all who cite it."""

import re

import attrs
import pytest

from superpose import loads, make
from superpose.plugins import load_plugins
from superpose.running.citation import Method, bibliography, bibtex, used


def test_a_plugins_own_entry_is_left_as_it_is():
    entry = "@misc{mine,\n  title = {Mine},\n}"
    assert bibtex(f"  {entry}\n") == entry


@pytest.mark.parametrize(
    ("paper", "lines"),
    [
        (
            "arXiv 2601.00001",
            ["@misc{arXiv:2601.00001,", "  eprint = {2601.00001},", "  archivePrefix = {arXiv},", "}"],
        ),
        ("doi 10.1000/182", ["@misc{doi:10.1000/182,", "  doi = {10.1000/182},", "}"]),
        ("A talk, 2024", ["@misc{A-talk-2024,", "  note = {A talk, 2024},", "}"]),
    ],
)
def test_of_what_is_not_known_it_says_the_number_alone(paper, lines):
    assert bibtex(paper).splitlines() == lines


def test_every_paper_of_ours_ships_with_its_title():
    kinds = [cls for role in load_plugins().roles for cls in load_plugins().kinds(role).values()]
    ours = [(cls, paper) for cls in kinds for paper in cls.papers if cls.__module__.startswith("superpose")]
    assert len(ours) > 50
    for cls, paper in ours:
        assert re.search(r"^\s*title\s*=\s*\{", bibtex(paper), re.MULTILINE), f"{cls.kind}: {paper} has no title"


def test_a_paper_is_listed_once_with_all_who_cite_it():
    euler, heun = make("scheduler", "euler"), make("scheduler", "heun")
    text = bibliography([euler, heun, euler, Method("compose", "and", ("arXiv 2206.01714",))])
    assert text.count("@") == 2
    assert text.startswith("% scheduler euler, scheduler heun\n@")
    assert "\n\n% compose and\n@" in text


def test_all_that_takes_part_is_used():
    recipe = loads(
        """
        compose = {and = ["A", {view = [{kind = "flip", prompt = "B"}, {kind = "negate", prompt = "C"}]}]}
        [model]
        kind = "glyphs"
        [scheduler]
        kind = "ddim"
        [guidance]
        kind = "rescale"
        base = {kind = "cfg"}
        """
    )
    kinds = [(one.role, one.kind) for one in used(recipe)]
    for pair in [("compose", "and"), ("view", "flip"), ("view", "negate"), ("guidance", "cfg"), ("clip", "static")]:
        assert pair in kinds, pair
    own = attrs.evolve(recipe, clip=make("clip", "none"))
    assert [one.kind for one in used(own) if one.role == "clip"] == ["none"]
