"""Magnitudes of frequencies: those of NumPy, of images with black around."""

import numpy as np
import pytest
import torch

from superpose_operators.bound.magnitudes import Magnitudes

IMAGES = torch.rand(2, 3, 6, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2 - 1


@pytest.mark.parametrize("edges", [(0, 0), (1, 0), (3, 2)])
def test_they_are_numpys(edges):
    bound = Magnitudes((3, 6, 4), (3, 6 + 2 * edges[0], 4 + 2 * edges[1]))
    padded = np.pad((IMAGES.numpy() + 1) / 2, ((0, 0), (0, 0), *((edge, edge) for edge in edges)))
    np.testing.assert_allclose(bound.apply(IMAGES), np.abs(np.fft.fft2(padded, norm="ortho")), atol=1e-12)


def test_a_turned_image_looks_the_same():
    bound = Magnitudes((3, 6, 4), (3, 12, 8))
    torch.testing.assert_close(bound.apply(IMAGES.rot90(2, (2, 3))), bound.apply(IMAGES))


def test_all_energy_is_seen():
    """Parseval: what is around an image is black, and adds none."""
    seen = Magnitudes((3, 6, 4), (3, 12, 8)).apply(IMAGES)
    torch.testing.assert_close(seen.square().sum((2, 3)), ((IMAGES + 1) / 2).square().sum((2, 3)))


def test_black_has_a_finite_gradient():
    black = torch.full((1, 3, 6, 4), -1.0, requires_grad=True)
    Magnitudes((3, 6, 4), (3, 12, 8)).apply(black).sum().backward()
    assert black.grad.isfinite().all()
