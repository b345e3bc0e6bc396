"""Euler's step with churn: where it is drawn, how much, and that none is asked for elsewhere."""

import math

import pytest
import torch

from superpose import Estimate, NoiseLevel
from superpose_schedulers.ddim import DDIM
from superpose_schedulers.euler import Euler

X, CLEAN, Z = torch.randn(3, 1, 1, 4, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def level(ratio, index=0):
    alpha = 1 / math.sqrt(1 + ratio**2)
    return NoiseLevel(index, 1.0, alpha, alpha * ratio)


def step(scheduler, here, there, noise=lambda: Z):
    return scheduler.step(lambda x, at: Estimate(CLEAN), X, here, there, None, noise, False)[0]


def no_noise():
    raise AssertionError("it asks for noise")


@pytest.mark.parametrize("s_noise", [1.0, 1.007])
def test_churn_raises_the_level_and_goes_down_from_there(s_noise):
    churning = Euler(steps=10, s_churn=2.0, s_noise=s_noise)
    here, there = level(3.0), level(2.0)
    raised = here.ratio * (1 + 2.0 / 10)
    y, epsilon = X / here.alpha, (X - here.alpha * CLEAN) / here.sigma
    fresh = s_noise * math.sqrt(raised**2 - here.ratio**2)
    want = there.alpha * (y + fresh * Z + (there.ratio - raised) * epsilon)
    torch.testing.assert_close(step(churning, here, there), want)


def test_it_is_never_raised_by_more_than_the_square_root_of_two():
    here, there = level(3.0), level(2.0)
    most = math.sqrt(2) - 1
    assert torch.equal(step(Euler(steps=10, s_churn=1e6), here, there), step(Euler(steps=1, s_churn=most), here, there))


@pytest.mark.parametrize(
    ("options", "here", "there"),
    [
        ({}, level(3.0), level(2.0)),
        ({"s_churn": 2.0, "s_tmin": 3.5}, level(3.0), level(2.0)),
        ({"s_churn": 2.0, "s_tmax": 2.5}, level(3.0), level(2.0)),
        ({"s_churn": 2.0}, level(3.0), NoiseLevel(1, -1.0, 1.0, 0.0)),
        ({"s_churn": 2.0}, NoiseLevel(0, 9.0, 0.0, 1.0), level(2.0)),
    ],
)
def test_where_there_is_no_churn_it_is_ddims_step_and_asks_for_no_noise(options, here, there):
    got = step(Euler(**options), here, there, no_noise)
    assert torch.equal(got, step(DDIM(), here, there, no_noise))


def test_its_traits_follow_its_churn():
    plain, churning = Euler(), Euler(s_churn=1.0)
    assert (plain.stochastic, plain.order, plain.renoises) == (False, 1, True)
    assert (churning.stochastic, churning.order, churning.renoises) == (True, 0, True)
    assert plain.single_step
