"""Heun's step is the textbook's, in the coordinates in which the flow is dy/dr = epsilon."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from superpose import Estimate, NoiseLevel
from superpose_schedulers.heun import Heun

X = torch.randn(2, 1, 4, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def level(angle):
    return NoiseLevel(0, angle, math.cos(angle), math.sin(angle))


def clean(x, at):
    return torch.sin(x + at.t)


def epsilon(y, at):
    return (y * at.alpha - at.alpha * clean(y * at.alpha, at)) / at.sigma


@given(st.tuples(st.floats(0.1, 1.4), st.floats(0.1, 1.4)).filter(lambda pair: abs(pair[0] - pair[1]) > 0.01))
def test_it_is_the_textbooks(angles):
    low, high = sorted(angles)
    here, there = level(high), level(low)
    got, _ = Heun().step(lambda x, at: Estimate(clean(x, at)), X, here, there, None, None, False)
    y, h = X / here.alpha, there.ratio - here.ratio
    first = epsilon(y, here)
    second = epsilon(y + h * first, there)
    torch.testing.assert_close(got, there.alpha * (y + h * (first + second) / 2), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("here", "there"),
    [(level(0.4), NoiseLevel(1, -1.0, 1.0, 0.0)), (NoiseLevel(0, 9.0, 0.0, 1.0), level(1.0))],
    ids=["to the clean image", "from pure noise"],
)
def test_where_an_end_has_no_slope_it_asks_once(here, there):
    asked = []

    def denoise(x, at):
        asked.append(at)
        return Estimate(clean(x, at))

    got, _ = Heun().step(denoise, X, here, there, None, None, False)
    assert asked == [here]
    assert bool(got.isfinite().all())
