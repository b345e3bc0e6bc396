"""Keys of configurations: each understood as its default is, fixed, ignored, or refused in one line."""

import re

import pytest

from superpose import RecipeError
from superpose_networks.latent import per_level, settings
from superpose_networks.latent.settings import head_width, refuse_empty

UNDERSTOOD = {"count": 4, "least": -1, "scale": 0.5, "on": True, "kind": "plain", "optional": None, "sizes": (1, 2)}
FIXED = {"act": ("silu", "swish"), "dims": 2, "extra": None}


def read(given, **more):
    return settings("config.json", given, UNDERSTOOD, FIXED, **more)


def test_what_is_absent_has_its_default_and_what_is_fixed_or_ignored_is_not_handed_on():
    assert read({}) == UNDERSTOOD
    given = {"count": 0, "act": "swish", "dims": 2, "extra": None, "_class_name": "x", "dropout": 0.1}
    assert read(given, ignored=("dropout",)) == UNDERSTOOD | {"count": 0}


@pytest.mark.parametrize(
    ("key", "value"),
    [("least", -1), ("scale", 1), ("kind", None), ("optional", 3), ("optional", 0.5), ("sizes", []), ("sizes", [7])],
)
def test_values_of_the_kind_of_the_default_are_understood(key, value):
    assert read({key: value})[key] == value


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("count", 4.0, "supported: a whole number from 0"),
        ("count", True, "supported: a whole number from 0"),
        ("count", -1, "supported: a whole number from 0"),
        ("least", -2, "supported: a whole number from 0"),
        ("scale", "1", "supported: a number"),
        ("scale", True, "supported: a number"),
        ("on", 1, "supported: true or false"),
        ("kind", 3, "supported: text"),
        ("optional", "3", "supported: a number, or null"),
        ("sizes", 3, "supported: a list, each a whole number from 0"),
        ("sizes", [1, "2"], "supported: a list, each a whole number from 0"),
        ("act", "tanh", "supported: 'silu', 'swish'"),
        ("dims", 3, "supported: 2"),
        ("extra", 0, "supported: None"),
    ],
)
def test_values_of_another_kind_are_refused_with_what_is_supported(key, value, says):
    with pytest.raises(RecipeError, match=re.escape(f"config.json: {key} = {value!r} is not supported; {says}")):
        read({key: value})


def test_a_key_that_is_not_known_is_told_with_those_that_are():
    with pytest.raises(RecipeError, match=r"config\.json: colour = 'red' is not known; known: count, least, .*extra$"):
        read({"colour": "red"})


def test_a_value_of_a_level_may_be_a_list_of_them():
    assert read({"count": [1, 2]}, levels=("count",))["count"] == [1, 2]
    for given, levels in (([1, 2], ()), ([1, "2"], ("count",))):
        with pytest.raises(RecipeError, match="count"):
            read({"count": given}, levels=levels)


def test_one_value_stands_for_every_level_and_a_list_has_one_for_each():
    assert per_level("x", "heads", 8, 3) == (8, 8, 8)
    assert per_level("x", "heads", [1, 2, 3], 3) == (1, 2, 3)
    assert per_level("x", "kind", "plain", 2) == ("plain", "plain")
    with pytest.raises(RecipeError, match=r"x: heads = \[1, 2\] has 2 entries, and there are 3 levels"):
        per_level("x", "heads", [1, 2], 3)


def test_sizes_of_which_no_network_is_made_are_refused():
    refuse_empty("x", {"a": 1, "b": [1, 2], "c": 0}, "a", "b")
    for value in (0, [], [4, 0], ()):
        with pytest.raises(
            RecipeError, match=re.escape(f"x: a = {value!r} is not supported; supported: whole numbers")
        ):
            refuse_empty("x", {"a": value}, "a")


@pytest.mark.parametrize(("channels", "heads", "width"), [(8, 2, 4), (8, 8, 1), (10, 4, 2)])
def test_heads_share_the_channels(channels, heads, width):
    assert head_width("x", channels, heads) == width


@pytest.mark.parametrize(("channels", "heads"), [(8, 0), (8, 9), (8, -1)])
def test_heads_that_find_no_channel_are_refused(channels, heads):
    with pytest.raises(RecipeError, match=f"x: {heads} attention heads do not share {channels} channels"):
        head_width("x", channels, heads)
