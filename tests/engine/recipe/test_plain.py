"""Values as TOML has them, and on one line."""

import tomllib
from pathlib import Path

import pytest

from example_kinds import Cfg, Steps
from superpose.recipe import Subject
from superpose.recipe.plain import inline, plain, subject_table


def test_kinds_and_paths_become_plain():
    assert plain((Path("a/b.png"), 1.5, "x")) == ["a/b.png", 1.5, "x"]
    assert plain(Path("a/b.png"), lambda path: path.name) == "b.png"
    table = plain(Steps(steps=3))
    assert next(iter(table)) == "kind"
    assert (table["kind"], table["steps"]) == ("ddim", 3)


@pytest.mark.parametrize("value", ['a "b"', 1, 2.5, True, [1, [2, "c"]], {"kind": "x", "n": {"deep": [1.0]}}])
def test_a_value_on_one_line_reads_as_itself(value):
    line = inline(value)
    assert "\n" not in line
    assert tomllib.loads(f"x = {line}") == {"x": value}


def test_a_subject_says_no_more_than_it_was_told():
    assert subject_table(Subject(prompt="A"), str) == {"prompt": "A"}
    guided = subject_table(Subject(prompt="A", guidance=Cfg(), guidance_stages=(1,)), str)
    assert guided["guidance"]["kind"] == Cfg.kind
    assert guided["guidance_stages"] == [1]
