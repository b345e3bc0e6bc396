"""Differences of recipes: each named by its key, none where there is none."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from superpose import dumps, load
from superpose.recipe.differences import differences

RECIPES = Path(__file__).parents[3] / "recipes"
VALUES = st.recursive(
    st.integers(0, 3) | st.text("ab", max_size=2) | st.booleans() | st.floats(0, 1),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("xyz", max_size=1), inner, max_size=3),
    max_leaves=8,
)


def told(one, two):
    return [str(each) for each in differences(one, two)]


@pytest.mark.parametrize(
    ("one", "two", "says"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, ["a: 1 -> 2"]),
        ({"a": {"b": "x"}}, {"a": {"b": "y"}}, ['a.b: "x" -> "y"']),
        ({"a": [{"b": 1}, {"b": 2}]}, {"a": [{"b": 1}]}, ["a.1: {b = 2} -> absent"]),
        ({}, {"a": [1, 2]}, ["a: absent -> [1, 2]"]),
        ({"a": 1}, {"a": True}, ["a: 1 -> true"]),
        ({"a": 1}, {"a": 1.0}, ["a: 1 -> 1.0"]),
        ({"a": "absent"}, {}, ['a: "absent" -> absent']),
    ],
)
def test_each_is_named(one, two, says):
    assert told(one, two) == says


@settings(max_examples=40)
@given(VALUES, VALUES)
def test_none_where_there_is_none_and_the_same_both_ways(one, two):
    one, two = {"top": one}, {"top": two}
    assert not told(one, one)
    assert bool(told(one, two)) == (repr(one) != repr(two))
    assert {(it.path, repr(it.after), repr(it.before)) for it in differences(one, two)} == {
        (it.path, repr(it.before), repr(it.after)) for it in differences(two, one)
    }


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.toml")), ids=lambda path: path.stem)
def test_an_override_is_the_one_difference(path):
    one, two = (tomllib.loads(dumps(load(path, changes))) for changes in ([], ["run.seed=12345"]))
    assert told(one, two) == [f"run.seed: {load(path).run.seed} -> 12345"]
