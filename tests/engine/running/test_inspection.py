"""The figures of an inspection are those of the whole run; each stage has its own."""

import attrs
import pytest

import superpose
from superpose import Population, RecipeError
from superpose.running.inspection import Cost, Inspection


def test_the_whole_run_asks_what_its_stages_ask():
    stages = (Cost(rows=3, evaluations=50, total=120, judged=2), Cost(rows=4, evaluations=20, total=80, networks=2))
    whole = Inspection(stages)
    assert (whole.rows, whole.judged) == (4, 2), "the most that any forward pass has"
    assert (whole.evaluations, whole.total, whole.networks) == (70, 200, 3)
    assert Inspection(stages[:1]).total == 120


MODEL = """prompt = "A in blue"

[model]
kind = "glyphs-ldm"

[scheduler]
kind = "ddim"
steps = 4

"""
EDIT = '[[constraint]]\nkind = "prompt-to-prompt"\nsource = "(A:1.2) in red"\n'
CARRIED = '[population]\nkind = "best-of"\nclassifier = {kind = "glyphs-classifier"}\nlabel = "A"\n'


@attrs.frozen(kw_only=True)
class Unwilling(Population):
    """Does not fit anything."""

    kind = "unwilling"

    def bind(self, context, readings):
        raise RecipeError("this canvas is not for it: use another")


def test_what_a_constraint_refuses_when_it_is_bound_is_told_where_it_stands(tmp_path):
    (tmp_path / "r.toml").write_text(MODEL + EDIT)
    with pytest.raises(RecipeError, match=r"r\.toml:10:1: constraint\.0: '\(A:1\.2\)' gives words a weight"):
        superpose.inspect(superpose.load(tmp_path / "r.toml"))


def test_what_a_population_refuses_when_it_is_bound_is_told_where_it_stands(tmp_path):
    (tmp_path / "r.toml").write_text(MODEL + CARRIED)
    recipe = attrs.evolve(superpose.load(tmp_path / "r.toml"), population=Unwilling())
    with pytest.raises(RecipeError, match=r"r\.toml:10:1: population: this canvas is not for it: use another"):
        superpose.inspect(recipe)
