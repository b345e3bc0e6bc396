"""A disc that turns: the pixels in it go opposite, and none beside it moves."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from superpose import make


@given(st.integers(2, 40), st.integers(2, 40), st.floats(0.05, 1))
def test_inside_is_opposite_and_outside_stays(height, width, diameter):
    view = make("view", "inner-circle", diameter=diameter)
    x = torch.arange(float(height * width)).view(1, 1, height, width)
    shown, opposite = view.apply(x), x.flip((-2, -1))
    radius = diameter * min(height, width) / 2
    rows, columns = torch.arange(height) + 0.5 - height / 2, torch.arange(width) + 0.5 - width / 2
    inside = rows[:, None] ** 2 + columns[None] ** 2 < radius**2
    assert torch.equal(shown, torch.where(inside, opposite, x))
    assert torch.equal(view.apply(shown), x)


@pytest.mark.parametrize("zoom", [1, 4])
def test_its_cut_is_as_round_as_the_pixels_are_fine(zoom):
    view = make("view", "inner-circle", diameter=0.5)
    share = view.fine_cut(32, 32, zoom).mean()
    assert share == pytest.approx(3.14159265 * 0.25**2, abs=0.01 / zoom)
    [line] = view.lines(32, 32)
    off = ((line - 16) ** 2).sum(1) ** 0.5 - 8
    assert abs(off).max() < 1e-9
