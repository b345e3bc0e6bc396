"""Distances of edges."""

import numpy as np
import torch
from scipy import ndimage

from superpose import make
from superpose_losses.edges import FLAT, edges


def test_edges_are_scipys_and_know_no_sign(picture, pixels):
    x = torch.randn(1, 3, 9, 12, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    grey = x[0].mean(0).numpy()
    theirs = np.sqrt(sum(ndimage.sobel(grey, axis, mode="nearest") ** 2 for axis in (0, 1)) / 16 + FLAT)
    np.testing.assert_allclose(edges(x)[0, 0].numpy(), theirs, atol=1e-12)
    loss = make("loss", "edges", image=picture).bound_to((3, 32, 32))
    torch.testing.assert_close(loss.of(torch.cat((pixels, -pixels))), torch.zeros(2), atol=1e-4, rtol=0)


def test_a_step_is_as_high_as_its_sides_differ():
    """The kernels' weights sum to 1 on either side, so that the slope beside a step is the step."""
    x = torch.zeros(1, 3, 6, 6)
    x[..., 3:] = 0.5
    found = edges(x)[0, 0]
    assert torch.allclose(found[:, 2:4], torch.tensor(0.5), atol=1e-5)
    assert torch.allclose(found[:, [0, 1, 4, 5]], torch.tensor(FLAT**0.5), atol=1e-6)


def test_flat_images_have_a_slope_that_is_finite():
    x = torch.zeros(1, 3, 6, 6, requires_grad=True)
    [slope] = torch.autograd.grad(edges(x).sum(), x)
    assert torch.equal(slope, torch.zeros_like(slope))
