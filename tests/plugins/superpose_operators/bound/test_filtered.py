"""Blurs by Fourier's transform: circulant matrices, as SciPy writes them."""

import numpy as np
import pytest
import scipy.linalg
import torch

from observing import IMAGE, assert_numpy_agrees, matrix_of
from superpose_operators.bound.filtered import Filtered, hartley

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("size", [(4, 6), (5, 3), (1, 4), (1, 1)])
def test_any_kernel_has_the_inverses_of_numpy(size):
    kernel = RNG.normal(size=[min(2, size[0]), min(3, size[1])])
    assert_numpy_agrees(Filtered.by(torch.from_numpy(kernel), (2, *size)))


def test_a_frequency_that_a_kernel_loses_is_not_observed():
    """The mean of two neighbours tells nothing of stripes that are a pixel wide."""
    bound = Filtered.by(torch.tensor([[0.5, 0.5]], dtype=torch.float64), (1, 2, 4))
    assert (bound.spectrum.values == 0).sum() == 2
    assert_numpy_agrees(bound)


def test_a_kernel_of_one_row_is_scipys_circulant_matrix():
    kernel = RNG.normal(size=(1, 5))
    column = np.zeros(8)
    for i, weight in enumerate(kernel[0]):
        column[(i - 2) % 8] = weight  # its middle stays in place
    np.testing.assert_allclose(
        matrix_of(Filtered.by(torch.from_numpy(kernel), (1, 1, 8))), scipy.linalg.circulant(column), atol=1e-12
    )


def test_hartleys_transform_is_sums_of_cas_and_its_own_inverse():
    turns = np.multiply.outer(np.arange(16), np.arange(16)) / 16
    angles = 2 * np.pi * (turns[:, None, :, None] + turns[None, :, None, :])  # (u, v, y, x)
    cas = (np.cos(angles) + np.sin(angles)) / 16
    want = np.einsum("uvyx,cyx->cuv", cas, IMAGE[0].numpy())
    np.testing.assert_allclose(hartley(IMAGE)[0], want, atol=1e-12)
    torch.testing.assert_close(hartley(hartley(IMAGE)), IMAGE)


def test_an_image_of_single_precision_stays_so():
    bound = Filtered.by(torch.ones(3, 3, dtype=torch.float64) / 9, (3, 16, 16))
    got = bound.apply(IMAGE.float())
    assert got.dtype == torch.float32
    torch.testing.assert_close(got.double(), bound.apply(IMAGE), atol=1e-6, rtol=0)
