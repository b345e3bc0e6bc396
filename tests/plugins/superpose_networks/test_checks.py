"""What a configuration's checks let through, and the sentence for what they do not."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superpose import RecipeError
from superpose_edm.config import EDMConfig
from superpose_networks import Checks, as_tuple, is_whole

CHECK = Checks("test configuration")


@attrs.frozen(kw_only=True)
class Config:
    name: str = attrs.field(default="a", validator=CHECK.among("a", None))
    names: tuple[str, ...] = attrs.field(default=("a",), converter=as_tuple, validator=CHECK.all_among("a", "b"))
    size: int = attrs.field(default=2, validator=CHECK.whole(2))
    most: int | None = attrs.field(default=None, validator=CHECK.whole(1, optional=True))
    sizes: tuple[int, ...] = attrs.field(default=(1,), converter=as_tuple, validator=CHECK.all_whole(1))
    scale: float = attrs.field(default=1, validator=CHECK.number(0.5))
    some: tuple[int, ...] = attrs.field(default=(), converter=as_tuple, validator=CHECK.all_whole(1, empty=True))
    taps: tuple[float, ...] = attrs.field(default=(1, 0.5), converter=as_tuple, validator=CHECK.all_numbers())


@given(st.one_of(st.integers(-9, 9), st.floats(), st.booleans(), st.none(), st.text(), st.lists(st.integers())))
def test_whole_numbers_are_whole_numbers(value):
    right = type(value) is int and value >= 2
    assert is_whole(value, 2) == right
    if right:
        assert Config(size=value).size == value
    else:
        with pytest.raises(ValueError, match=r"^test configuration: size = .* supported: whole numbers from 2$"):
            Config(size=value)


@given(st.lists(st.one_of(st.integers(-2, 4), st.booleans()), max_size=4))
def test_lists_are_kept_whole_or_refused_whole(values):
    if values and all(type(one) is int and one >= 1 for one in values):
        assert Config(sizes=values).sizes == tuple(values)
    else:
        with pytest.raises(ValueError, match="supported: a list of whole numbers from 1"):
            Config(sizes=values)


@pytest.mark.parametrize(
    ("key", "value", "supported"),
    [
        ("name", "c", "'a', None"),
        ("names", ["a", "c"], "a list of 'a', 'b'"),
        ("names", [], "a list of 'a', 'b'"),
        ("names", "a", "a list of 'a', 'b'"),
        ("most", 0, "whole numbers from 1, or null"),
        ("sizes", 3, "a list of whole numbers from 1"),
        ("some", [0], "a list of whole numbers from 1"),
        ("some", 5, "a list of whole numbers from 1"),
        ("taps", [], "a list of numbers"),
        ("taps", "x", "a list of numbers"),
        ("taps", [1, True], "a list of numbers"),
        ("scale", 0.25, "numbers from 0.5"),
        ("scale", True, "numbers from 0.5"),
        ("scale", "1", "numbers from 0.5"),
        ("scale", float("nan"), "numbers from 0.5"),
    ],
)
def test_what_is_refused_is_told_with_what_is_not(key, value, supported):
    with pytest.raises(ValueError, match=f"^test configuration: {key} = .* is not supported; supported: ") as caught:
        Config(**{key: value})
    assert str(caught.value).endswith(supported)


@pytest.mark.parametrize("wrong", [{"channel_mult": 2}, {"channel_mult": [1, 0]}, {"label_dim": True}])
def test_what_edm_recorded_is_held_to_it(wrong):
    told = {"preconditioning": "EDMPrecond", "img_resolution": 8, "img_channels": 3}
    assert EDMConfig.from_mapping(told, "a file").img_resolution == 8
    with pytest.raises(RecipeError, match=f"a file: EDM configuration: {next(iter(wrong))} = .* is not supported"):
        EDMConfig.from_mapping(told | wrong, "a file")
