"""Blurs along rows and columns are those of SciPy, up to the edge and beyond."""

import numpy as np
import pytest
import scipy.ndimage

from observing import IMAGE, observed
from superpose import RecipeError, make
from superpose_operators.blur import BORDERS, convolution


def test_blurs_are_those_of_scipy():
    image = IMAGE[0].numpy()
    for border, mode in (("mirror", "mirror"), ("zero", "constant"), ("around", "wrap")):
        want = scipy.ndimage.gaussian_filter(image, (0, 1.25, 1.25), truncate=4, mode=mode)
        np.testing.assert_allclose(observed("gaussian-blur", sigma=1.25, border=border)[0], want, atol=1e-12)
        want = scipy.ndimage.uniform_filter(image, (0, 5, 5), mode=mode)
        np.testing.assert_allclose(observed("uniform-blur", size=5, border=border)[0], want, atol=1e-12)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("border", BORDERS)
def test_a_kernel_wider_than_the_image_goes_on_beyond_it(border, size):
    """Mirrored again and again, around again and again, or into the grey."""
    kernel, rng = np.array([0.05, 0.1, 0.2, 0.3, 0.2, 0.1, 0.05]), np.random.default_rng(0)
    row = rng.normal(size=size)
    padding = {"mirror": "reflect", "zero": "constant", "around": "wrap"}[border]
    padded = np.pad(row, 3, mode=padding) if size > 1 or border == "zero" else np.repeat(row, 7)
    np.testing.assert_allclose(convolution(kernel, size, border) @ row, np.convolve(padded, kernel, "valid"))


def test_only_grey_beyond_the_edge_darkens_it():
    for border in BORDERS:
        total = convolution(np.full(5, 0.2), 8, border).sum(1)
        want = [0.6, 0.8, 1, 1, 1, 1, 0.8, 0.6] if border == "zero" else np.ones(8)
        np.testing.assert_allclose(total, want)


def test_a_square_without_a_middle_is_refused():
    with pytest.raises(RecipeError, match="size must be odd, so that a pixel is in the middle; got 4"):
        make("operator", "uniform-blur", size=4)
    np.testing.assert_allclose(observed("uniform-blur", size=1), IMAGE)
