"""The blur: scipy's Gaussian at any width and size, of pictures as of images."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from superpose import make
from superpose_decompositions.blur import blurred, convolved_picture, kernel


@given(
    sigma=st.floats(0.05, 32),
    height=st.integers(1, 20),
    width=st.integers(1, 20),
)
def test_a_blur_of_any_width_fits_any_size(sigma, height, width):
    """However far the kernel reaches over the borders, grey stays grey and no value leaves the range."""
    low = make("decomposition", "hybrid", sigma=sigma).part("low")
    grey = low(torch.full((1, 1, height, width), 0.25))
    torch.testing.assert_close(grey, torch.full_like(grey, 0.25))
    x = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))
    blurred = low(x)
    assert blurred.min() >= x.min() - 1e-6
    assert blurred.max() <= x.max() + 1e-6


def test_the_blur_is_the_gaussian_of_scipy():
    from scipy.ndimage import gaussian_filter

    x = np.random.default_rng(0).standard_normal((23, 17))
    want = gaussian_filter(x, 2.0 * 23 / 64, mode="mirror", truncate=8)
    got = make("decomposition", "hybrid").part("low")(torch.from_numpy(x)[None, None])[0, 0].numpy()
    assert np.abs(got - want).max() < 1e-5


@given(st.floats(0.05, 12))
def test_a_kernel_sums_to_one_and_falls(sigma):
    half = kernel(sigma)
    assert half[0] + 2 * sum(half[1:]) == pytest.approx(1)
    assert all(a >= b for a, b in pairwise(half))
    ratios = [math.log(b / a) for a, b in pairwise(half[:4])]
    assert ratios == pytest.approx([-(2 * k + 1) / (2 * sigma**2) for k in range(len(ratios))], rel=1e-6)


@given(st.floats(0.05, 12), st.integers(1, 12), st.integers(1, 12))
def test_pictures_are_blurred_as_images_are(sigma, height, width):
    image = np.random.default_rng(0).standard_normal((3, height, width))
    got = image
    for axis in (-1, -2):
        got = convolved_picture(got, axis, kernel(sigma))
    np.testing.assert_allclose(got, blurred(torch.from_numpy(image), sigma).numpy(), atol=1e-12)
