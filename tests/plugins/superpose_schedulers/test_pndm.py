"""PNDM: its weights are exact for cubics on even times, and its warm-up asks as often as it says."""

import math

import pytest
import torch

from superpose import Estimate, NoiseLevel, TableSchedule
from superpose_schedulers.pndm import ADAMS_BASHFORTH, NOTHING, PNDM

LINEAR = TableSchedule.named("linear")


@pytest.mark.parametrize("count", ADAMS_BASHFORTH)
def test_the_weights_integrate_polynomials_exactly(count):
    """Over the next even step, of values at 0, -1, -2 ...: the integral from 0 to 1."""
    shares = ADAMS_BASHFORTH[count]
    for power in range(count):
        got = math.fsum(share * (-i) ** power for i, share in enumerate(shares))
        assert got == pytest.approx(1 / (power + 1))


def followed(scheduler, steps):
    """How often each step asks, and the states, of an epsilon that is constant."""
    plan = scheduler.plan(LINEAR)
    x = torch.ones(1, 1, 1, 1, dtype=torch.float64)
    memory, asked, states = scheduler.init(), [], []
    for here, there in zip(plan.levels[:steps], plan.levels[1:], strict=False):
        calls = []

        def denoise(x, at, calls=calls):
            calls.append(at)
            return Estimate((x - at.sigma * 0.5) / at.alpha)

        x, memory = scheduler.step(denoise, x, here, there, memory, None, False)
        asked.append(len(calls))
        states.append((float(x), there))
    return asked, states, plan


@pytest.mark.parametrize(("prk", "asks"), [(False, [2, 1, 1, 1, 1, 1]), (True, [2, 2, 2, 2, 2, 2, 1, 1])])
def test_the_warm_up_asks_twice_a_transition(prk, asks):
    asked, _, _ = followed(PNDM(steps=20, prk=prk), len(asks))
    assert asked == asks


@pytest.mark.parametrize("prk", [False, True])
def test_it_is_exact_where_epsilon_is_constant(prk):
    _, states, plan = followed(PNDM(steps=20, prk=prk), 12)
    start = plan.levels[0]
    clean = (1.0 - start.sigma * 0.5) / start.alpha
    for x, there in states:
        assert x == pytest.approx(there.alpha * clean + there.sigma * 0.5), there


def test_a_jump_begins_anew():
    scheduler, calls = PNDM(steps=20), []
    here, there = scheduler.plan(LINEAR).levels[5:7]
    past = ((NoiseLevel(0, 1.0, 0.6, 0.8), torch.ones(1, 1, 1, 1)),) * 3

    def denoise(x, at):
        calls.append(at)
        return Estimate(x)

    scheduler.step(denoise, torch.ones(1, 1, 1, 1), here, there, NOTHING._replace(past=past), None, True)
    assert len(calls) == 2
