"""DPM-Solver in the words of its paper."""

import math

import pytest
import torch

from superpose import NoiseLevel
from superpose_schedulers.dpm_solver import DPMSolver


def level(lam):
    alpha = 1 / math.sqrt(1 + math.exp(-2 * lam))
    return NoiseLevel(0, 1.0, alpha, alpha * math.exp(-lam))


@pytest.mark.parametrize("lambdas", [(-1.0, -0.2, 0.5), (0.0, 0.7, 0.9), (1.0, 1.5, 3.0)])
def test_second_order_is_that_of_the_paper(lambdas):
    """x = (a_s / a_t) x - s_s (e^h - 1) (e0 + (e0 - e1) / 2r); what is remembered is sigma times each epsilon."""
    old, here, there = map(level, lambdas)
    h, r = lambdas[2] - lambdas[1], (lambdas[1] - lambdas[0]) / (lambdas[2] - lambdas[1])
    got = DPMSolver(order=2, solver="midpoint").weights(here, there, (old,))
    gain = -there.sigma * (math.exp(h) - 1)
    assert got.on_x == pytest.approx(there.alpha / here.alpha)
    on_epsilon = got.on_said[0] * here.sigma, got.on_said[1] * old.sigma
    assert on_epsilon == pytest.approx((gain * (1 + 1 / (2 * r)), -gain / (2 * r)))


def test_what_is_remembered_is_the_noise():
    generator = torch.Generator().manual_seed(0)
    clean, epsilon = torch.randn(2, 1, 3, 4, 4, generator=generator, dtype=torch.float64)
    here = level(0.3)
    got = DPMSolver().estimated(here.alpha * clean + here.sigma * epsilon, clean, here)
    torch.testing.assert_close(got, here.sigma * epsilon)
