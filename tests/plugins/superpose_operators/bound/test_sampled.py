"""Some frequencies: a projection whose adjoint is NumPy's inverse transform of them."""

import numpy as np
import pytest
import torch

from observing import IMAGE, assert_numpy_agrees
from superpose_operators.bound.sampled import Sampled


def columns(height, width, *some):
    seen = torch.zeros(width)
    seen[list(some)] = 1
    assert torch.equal(seen[1:], seen[1:].flip(0))  # what is seen at k is seen at -k
    return seen.expand(height, width)


@pytest.mark.parametrize(("size", "some"), [((4, 6), (0, 2, 4)), ((3, 5), (1, 4)), ((2, 4), (2,)), ((1, 1), (0,))])
def test_it_has_the_inverses_of_numpy(size, some):
    bound = Sampled((2, *size), columns(*size, *some))
    assert bound.observed_shape == (4, *size)
    assert_numpy_agrees(bound)


def test_the_pseudo_inverse_is_the_image_of_these_frequencies_alone():
    seen = columns(16, 16, 0, 1, 5, 11, 15)
    bound = Sampled((3, 16, 16), seen)
    want = np.fft.ifft2(np.fft.fft2(IMAGE[0].numpy()) * seen.numpy())
    np.testing.assert_allclose(want.imag, 0, atol=1e-12)
    np.testing.assert_allclose(bound.pseudo_inverse(bound.apply(IMAGE))[0], want.real, atol=1e-12)
