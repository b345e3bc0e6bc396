"""The Gaussian process: climbing in two steps is climbing in one, and the start has the deviation of its level."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from superpose import GaussianProcess, NoiseLevel, renoised
from superpose.estimate.prediction import clean_from


def level(angle):
    return NoiseLevel(0, 1.0, math.cos(angle), math.sin(angle))


@given(st.lists(st.floats(0.0, 1.5), min_size=3, max_size=3).map(sorted))
def test_the_variance_of_a_climb_is_that_of_its_end(angles):
    """Of a fixed image: what is kept of the noise, and what is added, make the noise of the level that is reached."""
    here, middle, there = map(level, angles)
    variance = here.sigma**2
    for low, high in ((here, middle), (middle, there)):
        keep = high.alpha / low.alpha
        unit = torch.ones(1, dtype=torch.float64)
        added = float(renoised(0 * unit, low, high, unit))
        variance = keep**2 * variance + added**2
        assert float(renoised(unit, low, high, 0 * unit)) == pytest.approx(keep)
    assert variance == pytest.approx(there.sigma**2, abs=1e-12)


def test_a_climb_writes_to_no_state():
    x = torch.ones(1, 1, 2, 2)
    renoised(x, level(0.2), level(0.5), x)
    assert torch.equal(x, torch.ones(1, 1, 2, 2))


def test_it_draws_under_names_of_its_own():
    drawn = []

    def noise(purpose="step", law="normal"):
        drawn.append((purpose, law))
        return torch.ones(1, 1, 2, 2)

    process = GaussianProcess()
    exploding = NoiseLevel(0, 1.0, 1.0, 3.0)
    assert torch.allclose(process.start(noise, exploding), torch.full((1, 1, 2, 2), math.sqrt(10)))
    process.climb(torch.ones(1, 1, 2, 2), level(0.2), level(0.5), noise)
    assert drawn == [("start", "normal"), ("climb", "normal")]


def test_an_answer_is_read_by_its_parameterization():
    x, output = torch.randn(2, 1, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    read = GaussianProcess().read("v", output, x, level(0.4))
    assert torch.equal(read, clean_from("v", output, x, level(0.4)))
