"""Operators one after the other, each on what the one before observes."""

import pytest
import torch

from observing import IMAGE, observed
from problems import told
from superpose import RecipeError, make, refuse
from superpose.testing import check_operator

GREY, HALF, JPEG = make("operator", "grey"), make("operator", "block-average", factor=2), make("operator", "jpeg")


def chain(*operators):
    return make("operator", "chain", operators=operators)


def test_a_chain_is_one_after_the_other():
    whole = chain(make("operator", "random-mask", share=0.7), GREY, HALF)
    want = observed("block-average", observed("grey", observed("random-mask", share=0.7)), factor=2)
    torch.testing.assert_close(whole.bound_to((3, 16, 16)).apply(IMAGE), want)
    assert whole.linear
    assert whole.bound_to((3, 16, 16)).spectrum is not None


def test_one_that_is_not_linear_makes_a_chain_that_is_not():
    mixed = chain(HALF, JPEG)
    assert not mixed.linear
    check_operator(mixed, 3, 16, 16)


def test_the_first_that_can_not_see_the_one_before_is_told_by_its_place():
    twice = chain(GREY, GREY, GREY)
    with pytest.raises(RecipeError, match=r"^operators\.1: grey takes images of 3 channels, and these have 1"):
        refuse(twice.problems((3, 8, 8)))
    assert told(twice, (3, 8, 8)).count("grey takes") == 1
    halves = chain(HALF, JPEG)
    assert told(halves, (3, 8, 8)) == "jpeg takes images of whole blocks of 8 by 8, not 4x4"
    assert not told(halves, (3, 16, 16))


def test_a_chain_of_nothing_is_refused():
    with pytest.raises(RecipeError, match="operators is empty: name the operators of the chain"):
        chain()
