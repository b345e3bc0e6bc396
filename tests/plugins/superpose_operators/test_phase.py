"""Magnitudes of frequencies, of an image with black around it."""

import numpy as np
import pytest

from observing import IMAGE, observed
from superpose import LinearOperator, make


def test_magnitudes_are_those_of_numpy():
    padded = np.pad((IMAGE[0].numpy() + 1) / 2, ((0, 0), (4, 4), (4, 4)))
    want = np.abs(np.fft.fft2(padded, norm="ortho"))
    np.testing.assert_allclose(observed("phase-retrieval")[0], want, atol=1e-12)


@pytest.mark.parametrize(("oversample", "size"), [(0.0, (5, 9)), (2.0, (7, 13)), (8.0, (15, 27))])
def test_each_edge_gets_an_eighth_of_so_many_times_the_size(oversample, size):
    operator = make("operator", "phase-retrieval", oversample=oversample)
    bound = operator.bound_to((1, 5, 9))
    assert bound.observed_shape == (1, *size)
    assert not operator.linear
    assert not isinstance(bound, LinearOperator)
