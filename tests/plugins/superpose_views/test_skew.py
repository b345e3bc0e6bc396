"""Columns that slide, each by a whole number of pixels, from the middle outwards."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from superpose import make


@given(st.integers(1, 12), st.integers(1, 12), st.floats(-4, 4))
def test_each_column_is_rolled(height, width, slope):
    x = torch.arange(float(height * width)).view(1, 1, height, width)
    shown = make("view", "skew", slope=slope).apply(x)
    for column in range(width):
        by = int(slope * (column - width // 2))
        assert torch.equal(shown[..., column], x[..., column].roll(by, -1)), column


def test_the_frames_begin_with_the_image_and_end_with_the_view():
    view = make("view", "skew", slope=1.0)
    image = torch.rand(3, 6, 6, generator=torch.Generator().manual_seed(0)).double()
    for u, want in ((0.0, image), (1.0, view.apply(image[None])[0])):
        assert torch.equal(torch.from_numpy(view.frame(image.numpy(), u)), want)
    assert view.frame(image.numpy(), 0.3, 3).shape == (3, 18, 18)


@pytest.mark.parametrize("slope", [0.0, 0.4])
def test_less_than_a_pixel_is_none(slope):
    x = torch.arange(9.0).view(1, 1, 3, 3)
    assert torch.equal(make("view", "skew", slope=slope).apply(x), x)
