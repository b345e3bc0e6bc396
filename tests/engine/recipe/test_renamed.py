"""Old keys of a recipe are read as the new ones, and told."""

import warnings

import pytest

from example_kinds import REGISTRY
from reading import HEAD, mistakes
from superpose.errors import Notice
from superpose.recipe import loads
from superpose.recipe.renamed import RENAMED, renamed

RECIPE = HEAD + 'prompt = "up"\n'


RUN = [key for key in RENAMED if key[0] == "run"]


@pytest.mark.parametrize(("table", "old"), RUN, ids="-".join)
def test_an_old_key_is_read_and_told_the_new_one(table, old):
    new = RENAMED[table, old]
    with pytest.warns(Notice, match=f"^{table}.{old} is called {table}.{new} now: write that instead$"):
        recipe = loads(f"{RECIPE}[{table}]\n{old} = 4\n", registry=REGISTRY)
    assert getattr(recipe.run, new) == 4
    with pytest.warns(Notice):
        assert (
            loads(RECIPE, overrides=[f"{table}.{old}=5"], registry=REGISTRY).run
            == loads(RECIPE, overrides=[f"{table}.{new}=5"], registry=REGISTRY).run
        )


@pytest.mark.parametrize(("table", "old"), RUN, ids="-".join)
def test_an_old_key_beside_the_new_one_is_refused(table, old):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        [line] = mistakes(f"{RECIPE}[{table}]\n{RENAMED[table, old]} = 4\n{old} = 4\n")
    assert f"{table}.{old}: unknown key" in line


GREY = """[model]
kind = "glyphs"
[scheduler]
kind = "ddim"
[decomposition]
kind = "colour"
grey = "H"
colour = "O"
"""


def test_the_old_name_of_a_part_is_read_and_told():
    with pytest.warns(Notice, match="^decomposition.gray is called decomposition.grey now"):
        recipe = loads(GREY.replace("grey", "gray"))
    assert recipe.subject == loads(GREY).subject


def test_a_part_of_another_decomposition_keeps_its_name():
    assert renamed({"gray": "A"}, ("decomposition",), ("gray", "tint")) == {"gray": "A"}
    assert renamed({"gray": "A"}, ("decomposition",), ("low", "high")) == {"gray": "A"}
