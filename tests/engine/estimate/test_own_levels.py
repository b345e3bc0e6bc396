"""A network that is asked on the noise levels of another process says of a state what it says on its own."""

import itertools

import pytest
import torch

from small_models import PROCESSES
from superpose import Denoiser, Estimate, NoiseLevel, OwnLevels, StepInfo, prompted
from superpose.testing.predictors import GaussianPredictor

PAIRS = list(itertools.permutations(PROCESSES, 2))


def told(name):
    """An exact network on the levels of a process; it answers with v, as those that are asked anywhere do."""
    return prompted(GaussianPredictor(means={"a": 0.4}, schedule=PROCESSES[name], parameterization="v"), "a")


def noisy(level):
    generator = torch.Generator().manual_seed(0)
    clean, noise = (torch.randn(2, 3, 8, 8, generator=generator) for _ in range(2))
    return clean * level.alpha + noise * level.sigma


@pytest.mark.parametrize(("run", "network"), PAIRS)
def test_it_is_the_posterior_mean_whatever_the_process(run, network):
    """Of images whose posterior is known: asked on another's levels, an exact network is as exact as on its own."""
    schedule = PROCESSES[run]
    for ratio in (0.02, 0.3, 1.0, 4.0, 40.0):
        level = schedule.level(3, schedule.time_of(ratio))
        own, other = told(run), OwnLevels(told(network), PROCESSES[network])
        torch.testing.assert_close(
            other(noisy(level), level).clean, own(noisy(level), level).clean, rtol=1e-4, atol=2e-5
        )


class Spy(Denoiser):
    """Notes how it is asked, and says fixed things."""

    def __init__(self, variance=None, gradient=None):
        self.asked, self.variance, self.gradient = [], variance, gradient

    def estimate(self, x, level):
        self.asked.append((x, level))
        return Estimate(x / level.alpha, self.variance, self.gradient)
        yield []


@pytest.mark.parametrize(("run", "network"), PAIRS)
def test_the_level_is_one_that_the_network_knows(run, network):
    """Its time is that of the ratio, and alpha and sigma are those of its process: k-diffusion's change of scale."""
    spy = Spy()
    schedule, theirs = PROCESSES[run], PROCESSES[network]
    level = schedule.level(3, schedule.time_of(1.7))
    x = noisy(level)
    OwnLevels(spy, theirs)(x, level)
    [(seen, own)] = spy.asked
    assert own.index == 3
    assert own.t == pytest.approx(theirs.time_of(1.7), rel=1e-3)
    assert (own.alpha, own.sigma) == pytest.approx(theirs.at(own.t), rel=2e-3)
    assert own.ratio == pytest.approx(level.ratio, rel=1e-12)
    torch.testing.assert_close(seen, x * (own.alpha / level.alpha))


def test_at_the_same_scale_the_very_state_is_handed_on():
    """So that equal questions are asked once, and no bit is rounded."""
    spy, level = Spy(), PROCESSES["linear"].level(0, 500)
    x = noisy(level)
    OwnLevels(spy, PROCESSES["cosine"])(x, level)
    [(seen, own)] = spy.asked
    assert seen is x
    assert own[2:] == level[2:]


@pytest.mark.parametrize("network", PROCESSES)
def test_without_signal_it_is_asked_at_its_noisiest_level(network):
    spy, noise = Spy(), torch.ones(1, 3, 8, 8)
    OwnLevels(spy, PROCESSES[network])(noise, NoiseLevel(0, 1000.0, 0.0, 1.0))
    [(seen, own)] = spy.asked
    last = PROCESSES[network].time_of(float("inf"))
    assert own == (0, last, *PROCESSES[network].at(last))
    torch.testing.assert_close(seen, noise * own.sigma)


def test_a_gradient_is_with_respect_to_the_state_of_the_run():
    level = PROCESSES["linear"].level(0, 500)
    x, gradient = noisy(level), torch.ones(2, 3, 8, 8)
    got = OwnLevels(Spy(gradient=gradient), PROCESSES["ve"])(x, level).guidance_gradient
    torch.testing.assert_close(got, gradient / level.alpha)  # d(x / alpha) / dx


@pytest.mark.parametrize("kept", [True, False])
def test_the_variance_is_handed_on_where_it_means_the_same(kept):
    level, variance = PROCESSES["linear"].level(0, 500), torch.ones(2, 3, 8, 8)
    said = OwnLevels(Spy(variance=variance), PROCESSES["cosine"], kept)(noisy(level), level).variance
    assert (said is variance) if kept else said is None


def test_the_step_of_the_run_is_handed_on():
    here, there = (PROCESSES["linear"].level(i, t) for i, t in enumerate((500, 400)))
    step, spy = StepInfo(here, there, 0, 2), Spy()
    OwnLevels(spy, PROCESSES["ve"])(noisy(here), here.asked_in(step))
    assert spy.asked[0][1].step is step
