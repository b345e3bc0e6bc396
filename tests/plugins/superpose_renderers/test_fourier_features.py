"""Fourier-feature images: their formula, their range, and their size, which is free."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from superpose import make
from superpose_renderers.fourier_features import places


def bound(shape, **options):
    return make("renderer", "fourier-features", **options).bound_to(shape)


def test_it_is_the_formula():
    renderer = bound((2, 3, 5), features=4, width=6, depth=1, scale=2.0)
    parameters = renderer.parameters(torch.zeros(2, 3, 5), 7)
    assert [tuple(each.shape) for each in parameters] == [(4, 2), (6, 8), (6,), (2, 6), (2,)]
    frequencies, *layers = (each.double().numpy() for each in parameters)
    image = renderer.render(parameters)
    for row in range(3):
        for column in range(5):
            place = np.array([row - 1, column - 2]) / 3
            angles = 2 * np.pi * frequencies @ place
            hidden = np.maximum(layers[0] @ np.concatenate([np.cos(angles), np.sin(angles)]) + layers[1], 0)
            want = np.tanh(layers[2] @ hidden + layers[3])
            np.testing.assert_allclose(image[:, row, column].numpy(), want, atol=1e-5)


def test_frequencies_are_as_deviant_as_said_and_stay():
    renderer = bound((1, 4, 4), features=1024, scale=5.0)
    parameters = renderer.parameters(torch.zeros(1, 4, 4), 1)
    assert abs(float(parameters[0].std()) - 5.0) < 0.2
    leaves = [each.requires_grad_() for each in parameters]
    slopes = torch.autograd.grad(renderer.render(tuple(leaves)).sum(), leaves, allow_unused=True)
    assert slopes[0] is None
    assert all(slope is not None for slope in slopes[1:])


def test_it_begins_near_grey():
    parameters = bound((3, 16, 16)).parameters(torch.ones(3, 16, 16), 2)
    assert float(bound((3, 16, 16)).render(parameters).abs().max()) < 0.5


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**63 - 1), st.floats(0.1, 1e4), st.sampled_from([(1, 3, 4), (3, 5, 5)]))
def test_whatever_its_parameters_are_it_stays_in_range(seed, factor, shape):
    renderer = bound(shape, features=4, width=5)
    parameters = tuple(each * factor for each in renderer.parameters(torch.zeros(shape), seed))
    assert float(renderer.render(parameters).abs().max()) <= 1


@pytest.mark.parametrize("size", [(8, 8), (8, 12), (15, 5)])
def test_the_same_parameters_draw_it_larger(size):
    """Three times as large, each pixel in the middle of nine is that of the small one."""
    height, width = size
    small, large = bound((3, height, width)), bound((3, 3 * height, 3 * width))
    parameters = small.parameters(torch.zeros(3, height, width), 5)
    again = large.render(large.parameters(torch.zeros(3, 3 * height, 3 * width), 5))[:, 1::3, 1::3]
    torch.testing.assert_close(again, small.render(parameters), atol=1e-5, rtol=0)


def test_places_are_in_the_shorter_side():
    found = places(4, 8)
    assert found[0, 0].tolist() == [-0.375, -0.875]
    assert found[3, 7].tolist() == [0.375, 0.875]
