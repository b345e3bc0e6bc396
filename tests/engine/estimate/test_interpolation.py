"""Conditions between two prompts: closed forms, ends to the bit, and what is refused."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import superpose
from superpose import RecipeError, interpolated, slerp
from superpose.estimate.context import Context
from superpose.estimate.predictor import Condition

SHARES = st.floats(0, 1)


@given(SHARES, st.floats(0.1, math.pi - 0.1), st.floats(0.5, 3))
def test_on_a_circle_it_goes_by_equal_angles_and_keeps_the_radius(mix, angle, radius):
    ends = torch.tensor([[1.0, 0.0], [math.cos(angle), math.sin(angle)]], dtype=torch.float64) * radius
    found = slerp(ends[0], ends[1], mix)
    wanted = radius * torch.tensor([math.cos(mix * angle), math.sin(mix * angle)], dtype=torch.float64)
    assert torch.allclose(found, wanted, atol=1e-9)


@given(SHARES)
def test_where_there_is_no_one_way_along_the_sphere_it_is_a_line(mix):
    a = torch.tensor([1.0, 2.0])
    for b in (2 * a, -a, 0 * a):
        assert torch.allclose(slerp(a, b, mix), torch.lerp(a, b, mix), atol=1e-6)


@given(SHARES)
def test_each_vector_goes_its_own_way(mix):
    a, b = torch.randn(2, 3, 5, 8, generator=torch.Generator().manual_seed(0))
    pairs = zip(a.flatten(0, 1), b.flatten(0, 1), strict=True)
    alone = torch.stack([slerp(x, y, mix) for x, y in pairs]).view_as(a)
    assert torch.allclose(slerp(a, b, mix), alone, atol=1e-6)


@pytest.fixture(scope="module")
def model():
    return superpose.model("glyphs-ldm")


def test_the_ends_are_those_of_either_prompt_and_the_way_lies_between(model):
    ends = [model.condition(prompt) for prompt in ("bold A in red", "O in blue")]
    for mix in (0, 1):
        assert interpolated(model, *ends, mix) is ends[mix]
    half = interpolated(model, *ends, 0.5)
    assert half.prompt == "bold A in red to O in blue, 0.5"
    assert half.between == (*ends, 0.5, "slerp")
    a, b = (end.tensors["context"] for end in ends)
    assert torch.equal(half.tensors["context"], slerp(a, b, 0.5))
    line = interpolated(model, *ends, 0.25, "lerp")
    assert torch.equal(line.tensors["context"], torch.lerp(a, b, 0.25))


def test_prompts_that_are_numbers_have_nothing_between_them():
    model = superpose.model("glyphs")
    with pytest.raises(RecipeError, match=r"numbers or masks, and between those is nothing: use a \[compose\]"):
        interpolated(model, "A", "O", 0.5)
    with pytest.raises(RecipeError, match="told by different tensors"):
        interpolated(model, Condition("a", {"x": torch.ones(1)}), Condition("b", {"y": torch.ones(1)}), 0.5)


def test_another_network_is_told_the_same_place(model):
    """As the weaker network of autoguidance is: between the prompts as that network has them."""
    other = superpose.model("glyphs-ldm")
    told = Context.of(model).same(other, interpolated(model, "A", "O", 0.5))
    assert torch.equal(told.tensors["context"], interpolated(other, "A", "O", 0.5).tensors["context"])
    assert Context.of(model).same(other, model.condition("A")).prompt == "A"
