"""Operators in a row: the product of their matrices where all are linear."""

import numpy as np
import pytest
import torch

from observing import IMAGE, assert_numpy_agrees, matrix_of
from superpose import LinearOperator, make
from superpose_operators.bound.composed import Composed, LinearlyComposed, composed

GREY = make("operator", "grey").bound_to((3, 4, 4))
SMALL = make("operator", "block-average", factor=2).bound_to((1, 4, 4))


def test_a_row_of_linear_operators_is_the_product_of_their_matrices():
    row = composed([GREY, SMALL], "cpu")
    assert isinstance(row, LinearOperator)
    assert (row.shape, row.observed_shape) == ((3, 4, 4), (1, 2, 2))
    np.testing.assert_allclose(matrix_of(row), matrix_of(SMALL) @ matrix_of(GREY), atol=1e-14)
    assert_numpy_agrees(row)


def test_one_operator_alone_keeps_its_own_spectrum():
    assert composed([GREY], "cpu").spectrum is GREY.spectrum


def test_a_row_with_one_that_is_not_linear_is_not_linear():
    jpeg, small = make("operator", "jpeg").bound_to((3, 16, 16)), make("operator", "subsample", factor=2)
    row = composed([jpeg, small.bound_to((3, 16, 16))], "cpu")
    assert isinstance(row, Composed)
    assert not isinstance(row, LinearOperator)
    assert (row.shape, row.observed_shape) == ((3, 16, 16), (3, 8, 8))
    assert torch.equal(row.apply(IMAGE), jpeg.apply(IMAGE)[..., ::2, ::2])


@pytest.mark.parametrize("first", ["jpeg", "gaussian-blur"])
def test_without_a_spectrum_the_last_one_says_what_can_be(first):
    """Of 3 x 20 x 20 numbers none is computed; that nothing lies outside of the mask is known all the same."""
    mask = make("operator", "random-mask", share=0.5).bound_to((3, 24, 24))
    row = composed([make("operator", first).bound_to((3, 24, 24)), mask], "cpu")
    assert getattr(row, "spectrum", None) is None
    y = torch.ones(1, 3, 24, 24)
    assert torch.equal(row.within(y), mask.seen.expand_as(y).to(y))
    if first == "gaussian-blur":
        assert isinstance(row, LinearlyComposed)
