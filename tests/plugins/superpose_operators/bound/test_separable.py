"""A matrix along rows and one along columns: Kronecker's product."""

import numpy as np
import pytest
import torch

from observing import assert_numpy_agrees, matrix_of
from superpose_operators.bound.separable import Separable, between

GENERATOR = torch.Generator().manual_seed(0)


def normal(*shape):
    return torch.randn(shape, generator=GENERATOR, dtype=torch.float64)


@pytest.mark.parametrize("sizes", [(2, 4, 3, 5), (4, 4, 5, 5), (6, 3, 2, 2), (1, 1, 1, 4)])
def test_it_is_kroneckers_product(sizes):
    h, height, w, width = sizes
    bound = Separable((2, height, width), normal(h, height), normal(w, width))
    assert bound.observed_shape == (2, h, w)
    np.testing.assert_allclose(matrix_of(bound), np.kron(np.eye(2), np.kron(bound.rows, bound.columns)), atol=1e-12)
    assert_numpy_agrees(bound)


def test_directions_that_are_rounding_are_not_observed():
    lost = normal(4, 2) @ normal(2, 4)  # of rank 2
    bound = Separable((1, 4, 3), lost, normal(3, 3))
    assert (bound.spectrum.values > 0).sum() == 6
    assert_numpy_agrees(bound)


def test_between_answers_in_the_precision_it_is_asked_in():
    x = normal(2, 3, 4, 5)
    got = between(normal(2, 4), x.float(), normal(5, 1))
    assert (got.dtype, got.shape) == (torch.float32, (2, 3, 2, 1))
