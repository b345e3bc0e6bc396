"""DPM-Solver++ in the words of its paper."""

import math

import pytest

from superpose import NoiseLevel, make
from superpose_schedulers.dpmpp import DPMpp


def level(lam):
    alpha = 1 / math.sqrt(1 + math.exp(-2 * lam))
    return NoiseLevel(0, 1.0, alpha, alpha * math.exp(-lam))


@pytest.mark.parametrize("lambdas", [(-1.0, -0.2, 0.5), (0.0, 0.7, 0.9), (1.0, 1.5, 3.0)])
def test_second_order_is_algorithm_2(lambdas):
    """x = (s_s / s_t) x - a_s (e^-h - 1) D with D = (1 + 1 / 2r) m0 - (1 / 2r) m1."""
    old, here, there = map(level, lambdas)
    h, r = lambdas[2] - lambdas[1], (lambdas[1] - lambdas[0]) / (lambdas[2] - lambdas[1])
    got = DPMpp(order=2, solver="midpoint").weights(here, there, (old,))
    gain = -there.alpha * (math.exp(-h) - 1)
    assert got.on_x == pytest.approx(there.sigma / here.sigma)
    assert got.on_said == pytest.approx((gain * (1 + 1 / (2 * r)), -gain / (2 * r)))
    assert got.on_noise == 0


def test_it_draws_no_noise_and_remembers_as_much_as_its_order():
    for order in (1, 2, 3):
        scheduler = make("scheduler", "dpmpp", order=order)
        assert not scheduler.stochastic
        assert scheduler.single_step == (order == 1)
