"""DDIM's move and its noise, as the kinds that are made of it say it."""

import math

import pytest
import torch

from superpose import Estimate, TableSchedule, make

SCHEDULE = TableSchedule.named("linear")
X, CLEAN, NOISE = torch.randn(3, 1, 2, 4, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def stepped(scheduler, at=2, estimate=None):
    """A step, and how often noise was asked."""
    plan, drawn = scheduler.plan(SCHEDULE), []
    here, there = plan.levels[at], plan.levels[at + 1]

    def noise():
        drawn.append(1)
        return NOISE

    x, state = scheduler.step(
        lambda *_: estimate or Estimate(CLEAN), X, here, there, scheduler.init(), noise, jumped=False
    )
    assert state == scheduler.init()
    return x, here, there, len(drawn)


@pytest.mark.parametrize("eta", [0.0, 0.3, 1.0])
def test_a_step_is_equation_12_of_ddim(eta):
    """x = a_s m + sqrt(s_s^2 - d^2) e + d z, with d = eta (s_s / s_t) sqrt(1 - a_t^2 / a_s^2)."""
    got, here, there, drawn = stepped(make("scheduler", "ddim", steps=5, eta=eta))
    d = eta * there.sigma / here.sigma * math.sqrt(1 - (here.alpha / there.alpha) ** 2)
    epsilon = (X - here.alpha * CLEAN) / here.sigma
    torch.testing.assert_close(got, there.alpha * CLEAN + math.sqrt(there.sigma**2 - d**2) * epsilon + d * NOISE)
    assert drawn == (eta > 0)


@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_the_last_step_is_the_clean_image_and_asks_for_no_noise(eta):
    scheduler = make("scheduler", "ddim", steps=5, eta=eta)
    got, *_, drawn = stepped(scheduler, at=4)
    torch.testing.assert_close(got, CLEAN)
    assert drawn == 0
    assert (scheduler.order, scheduler.stochastic) == ((0, True) if eta else (1, False))


def test_what_is_renoised_may_be_another_image():
    """As cfg++ has it: the noise is that of the other one, the clean image is not."""
    other = CLEAN + 1
    got, here, there, _ = stepped(make("scheduler", "ddim", steps=5), estimate=Estimate(CLEAN, renoise=other))
    epsilon = (X - here.alpha * other) / here.sigma
    torch.testing.assert_close(got, there.alpha * CLEAN + there.sigma * epsilon)
