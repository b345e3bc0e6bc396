"""Fewer colours: a matrix at every pixel."""

import pytest
import torch

from observing import IMAGE, observed
from problems import told
from superpose import RecipeError, make


def test_colours():
    torch.testing.assert_close(observed("grey"), IMAGE.mean(1, keepdim=True))
    rows = ((1.0, 0.0, 2.0), (0.0, -1.0, 0.5))
    want = torch.einsum("kc,nchw->nkhw", torch.tensor(rows).double(), IMAGE)
    torch.testing.assert_close(observed("colour-matrix", rows=rows), want)


def test_grey_weighs_its_colours():
    got = observed("grey", weights=(0.2, 0.7, 0.1))
    torch.testing.assert_close(got[:, 0], 0.2 * IMAGE[:, 0] + 0.7 * IMAGE[:, 1] + 0.1 * IMAGE[:, 2])


def test_other_numbers_of_channels_are_refused_with_the_cure():
    assert told(make("operator", "grey"), (1, 8, 8)) == (
        "grey takes images of 3 channels, and these have 1: use colour-matrix"
    )
    two = make("operator", "colour-matrix", rows=((1.0, 2.0),))
    assert told(two, (3, 8, 8)) == ("colour-matrix takes 2 channels, and the images have 3: write rows of 3 numbers")
    assert not told(two, (2, 8, 8))


@pytest.mark.parametrize("rows", [(), ((),), ((1.0, 2.0), (1.0,)), ((0.0, 0.0), (0.0, 0.0))])
def test_what_is_no_matrix_or_sees_nothing_is_refused(rows):
    with pytest.raises(RecipeError, match="rows must be lists of the same length, and not all 0"):
        make("operator", "colour-matrix", rows=rows)


def test_grey_that_sees_nothing_is_refused():
    with pytest.raises(RecipeError, match="weights must not all be 0"):
        make("operator", "grey", weights=(0.0, 0.0, 0.0))
