"""UniPC: its small systems are solved, and with the past at hand a step is exact for polynomials."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superpose import NoiseLevel
from superpose_schedulers.unipc import _vandermonde, weights

NODES = st.lists(st.floats(-3, 1.5), min_size=1, max_size=3).filter(
    lambda nodes: all(abs(a - b) > 0.2 for i, a in enumerate(nodes) for b in nodes[:i])
)
LAMBDAS = st.tuples(st.floats(-2, 2), *[st.floats(0.2, 0.8)] * 4).map(np.cumsum)


@given(NODES, st.data())
def test_the_small_systems_are_solved(nodes, data):
    right = [data.draw(st.floats(-2, 2)) for _ in nodes]
    rho = _vandermonde(nodes, right)
    for power, want in enumerate(right):
        assert math.fsum(node**power * one for node, one in zip(nodes, rho, strict=True)) == pytest.approx(want)


def level(lam):
    alpha = 1 / math.sqrt(1 + math.exp(-2 * lam))
    return NoiseLevel(0, 1.0, alpha, alpha * math.exp(-lam))


@pytest.mark.parametrize("variant", ["bh1", "bh2"])
@given(LAMBDAS)
def test_a_third_order_step_is_exact_for_parabolas(variant, lambdas):
    """Nothing to correct, three estimates: the integral of the parabola through them, by quadrature."""
    _, older, old, now, end = lambdas
    here, there = level(now), level(end)
    on_x, on_said = weights(here, there, (level(old), level(older)), 0, 3, variant, False)
    nodes, shares = np.polynomial.legendre.leggauss(40)
    u = (end - now) / 2 * nodes + (end + now) / 2
    for power in range(3):
        want = there.alpha * (end - now) / 2 * float((shares * np.exp(u - end) * u**power).sum())
        got = math.fsum(on * at**power for on, at in zip(on_said, (now, old, older), strict=True))
        assert got == pytest.approx(want, rel=1e-6, abs=1e-9), power
    assert on_x == pytest.approx(there.sigma / here.sigma)


@pytest.mark.parametrize("on_noise", [False, True])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_what_is_constant_needs_no_correction(order, on_noise):
    lambdas = [0.9, 0.5, 0.2, -0.3]
    here, there, *past = map(level, (0.9, 1.3, *lambdas[1:]))
    corrected, plain = (weights(here, there, tuple(past), before, order, "bh2", on_noise)[1] for before in (order, 0))
    scale = [at.sigma if on_noise else 1.0 for at in (here, *past)]
    assert np.dot(corrected, scale) == pytest.approx(np.dot(plain, scale))
