"""DPM-Solver++ for the diffusion SDE in the words of its paper."""

import math

import pytest

from superpose import NoiseLevel
from superpose_schedulers.dpmpp_sde import DPMppSDE


def level(lam):
    alpha = 1 / math.sqrt(1 + math.exp(-2 * lam))
    return NoiseLevel(0, 1.0, alpha, alpha * math.exp(-lam))


@pytest.mark.parametrize("lambdas", [(-1.0, -0.2, 0.5), (0.0, 0.7, 0.9), (1.0, 1.5, 3.0)])
def test_second_order_is_that_of_the_paper(lambdas):
    """x = (s_s / s_t) e^-h x + a_s (1 - e^-2h) D + s_s sqrt(1 - e^-2h) z, D as that of DPM-Solver++(2M)."""
    old, here, there = map(level, lambdas)
    h, r = lambdas[2] - lambdas[1], (lambdas[1] - lambdas[0]) / (lambdas[2] - lambdas[1])
    got = DPMppSDE(order=2, solver="midpoint").weights(here, there, (old,))
    gain = there.alpha * (1 - math.exp(-2 * h))
    assert got.on_x == pytest.approx(there.sigma / here.sigma * math.exp(-h))
    assert got.on_said == pytest.approx((gain * (1 + 1 / (2 * r)), -gain / (2 * r)))
    assert got.on_noise == pytest.approx(there.sigma * math.sqrt(1 - math.exp(-2 * h)))


def test_a_clean_image_that_is_known_is_kept():
    """The state of a fixed clean image m has the mean a m, before the step and after."""
    here, there = level(-0.4), level(0.8)
    on_x, on_said, _ = DPMppSDE(order=3).weights(here, there, (level(-0.9), level(-1.1)))
    assert on_x * here.alpha + sum(on_said) == pytest.approx(there.alpha)
    assert DPMppSDE().stochastic
