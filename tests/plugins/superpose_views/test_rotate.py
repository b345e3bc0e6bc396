"""Turning by any angle."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from superpose import make
from superpose.testing import check_view


def blob(size, across, up, width=1.5):
    """A soft spot so far to the right of the middle and above it."""
    place = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    return torch.exp(-((place[None] - across) ** 2 + (place[:, None] + up) ** 2) / (2 * width**2))[None, None]


@pytest.mark.parametrize("size", [32, 33, 64])
@pytest.mark.parametrize("degrees", [10.0, 30.0, 45.0, 90.0, 135.0, 200.0, 270.0, 315.0])
def test_a_spot_goes_round_counter_clockwise(size, degrees):
    radius, angle = 0.2 * size, math.radians(degrees)
    got = make("view", "rotate", degrees=degrees).apply(blob(size, radius, 0))
    want = blob(size, radius * math.cos(angle), radius * math.sin(angle))
    assert (got - want).abs().max() < 2e-3


@settings(max_examples=20)
@given(degrees=st.floats(0.1, 359.9), size=st.integers(8, 40))
def test_any_angle_is_orthogonal_at_any_size(degrees, size):
    check_view(make("view", "rotate", degrees=degrees), 1, size, size)


def test_the_variance_goes_where_the_image_goes():
    view = make("view", "rotate", degrees=30.0)
    spot = blob(64, 15, 0)
    assert (view.apply_to_variance(view.apply(spot)) - spot).abs().max() < 0.35
    assert (view.apply(spot) - spot).abs().max() > 0.9


def test_right_angles_move_whole_pixels():
    x = torch.randn(2, 3, 9, 9, generator=torch.Generator().manual_seed(0))
    for quarters in (1, 2, 3):
        view = make("view", "rotate", degrees=90.0 * quarters)
        assert torch.equal(view.apply(x), x.rot90(quarters, (-2, -1)))
        assert torch.equal(view.apply_to_variance(view.apply(x)), x)


def test_a_sample_of_many_is_the_sample_alone():
    view = make("view", "rotate", degrees=30.0)
    x = torch.randn(5, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    for there in (view.apply, view.invert, view.apply_to_variance):
        assert all(torch.equal(there(x)[k : k + 1], there(x[k : k + 1])) for k in range(5))
