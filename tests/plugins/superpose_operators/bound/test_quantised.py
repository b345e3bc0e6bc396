"""JPEG's blocks: Pillow's tables, SciPy's cosines, and a gradient straight through the rounding."""

import io

import numpy as np
import pytest
import scipy.fft
import torch
from PIL import Image

from superpose_operators.bound.quantised import JFIF, Quantised

IMAGES = torch.rand(2, 3, 16, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2 - 1


@pytest.mark.parametrize("quality", [1, 10, 49, 50, 51, 90, 99, 100])
def test_tables_are_those_that_libjpeg_writes(quality):
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG", quality=quality, subsampling=0)
    with Image.open(file) as image:
        bright, colour = (np.reshape(image.quantization[i], (8, 8)) for i in (0, 1))
    ours = Quantised.of((3, 8, 8), quality, "cpu").tables
    np.testing.assert_array_equal(ours, np.stack([bright, colour, colour]))


def test_every_coefficient_is_a_multiple_and_the_nearest():
    """Of one channel: SciPy's cosine transform of what is left has multiples of q, at most half of one away."""
    image = IMAGES[:1, :1]
    bound = Quantised.of((1, 16, 8), 20, "cpu")
    before, after = ((x[0, 0].numpy() + 1) * 127.5 - 128 for x in (image, bound.apply(image)))
    table = bound.tables[0].numpy()
    for top in (0, 8):
        had, left = (scipy.fft.dctn(x[top : top + 8], norm="ortho") / table for x in (before, after))
        np.testing.assert_allclose(left, left.round(), atol=1e-5)
        assert np.abs(had - left).max() <= 0.5 + 1e-5
        assert np.abs(had - had.round()).max() > 0.3


def test_what_is_left_is_left_again():
    bound = Quantised.of((3, 16, 8), 30, "cpu")
    once = bound.apply(IMAGES)
    torch.testing.assert_close(bound.apply(once), once, atol=1e-5, rtol=0)


def test_the_gradient_is_that_without_rounding():
    """Without rounding it is the identity, whatever the tables are."""
    x = IMAGES.clone().requires_grad_()
    weights = torch.randn(IMAGES.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    (Quantised.of((3, 16, 8), 5, "cpu").apply(x) * weights).sum().backward()
    torch.testing.assert_close(x.grad, weights, atol=1e-5, rtol=0)


def test_colours_are_those_of_jfif():
    """Grey has no colour, and brightness is the sum that Pillow takes."""
    weights = torch.tensor(JFIF, dtype=torch.float64)
    torch.testing.assert_close(weights.sum(1), torch.tensor([1.0, 0.0, 0.0]).double(), atol=1e-9, rtol=0)
    pixels = np.random.default_rng(0).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    theirs = np.asarray(Image.fromarray(pixels).convert("YCbCr")).astype(float)
    ours = pixels @ weights.numpy().T + (0, 128, 128)
    assert np.abs(ours - theirs).max() <= 1  # Pillow's are whole numbers
