"""The integrals of the DPM-Solvers: exact for polynomials of the degree that a step knows, by quadrature."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superpose import NoiseLevel
from superpose_schedulers.dpm_solver import DPMSolver
from superpose_schedulers.dpmpp import DPMpp
from superpose_schedulers.dpmpp_sde import DPMppSDE

#: Lambdas of the levels: two steps ago, a step ago, now, and at the end of the step.
LAMBDAS = st.tuples(st.floats(-2, 2), *[st.floats(0.1, 1.0)] * 3).map(np.cumsum)
NODES, SHARES = np.polynomial.legendre.leggauss(40)


def level(lam):
    alpha = 1 / math.sqrt(1 + math.exp(-2 * lam))
    return NoiseLevel(0, 1.0, alpha, alpha * math.exp(-lam))


def quadrature(f, low, high):
    points = (high - low) / 2 * NODES + (high + low) / 2
    return float((high - low) / 2 * (SHARES * f(points)).sum())


@pytest.mark.parametrize("degree", [1, 2])
@given(LAMBDAS, st.floats(-2, 2))
def test_clean_images_that_are_a_polynomial_are_integrated_exactly(degree, lambdas, curve):
    older, old, now, end = lambdas
    past = [old, older][:degree]

    def m(lam):
        return 1 + 0.7 * lam + (curve * lam**2 if degree == 2 else 0)

    here, there = level(now), level(end)
    for scheduler, rate, on_m in (
        (DPMpp(order=degree + 1, solver="heun"), -1.0, there.alpha),
        (DPMppSDE(order=degree + 1, solver="heun"), -2.0, there.alpha),
        (DPMSolver(order=degree + 1, solver="heun"), 1.0, None),
    ):
        weights = scheduler.weights(here, there, tuple(map(level, past)))
        if on_m is not None:
            # alpha_s * |rate| * the integral over the step of exp(rate * (end - u)) m(u).
            want = on_m * abs(rate) * quadrature(lambda u, rate=rate: np.exp(rate * (end - u)) * m(u), now, end)
            got = sum(on * m(at) for on, at in zip(weights.on_said, (now, *past), strict=True))
        else:  # remembered is sigma times epsilon, and m is epsilon
            want = -there.sigma * quadrature(lambda u: np.exp(end - u) * m(u), now, end)
            told = zip(weights.on_said, (now, *past), strict=True)
            got = sum(on * level(at).sigma * m(at) for on, at in told)
        assert got == pytest.approx(want, rel=1e-8, abs=1e-10), scheduler


@given(LAMBDAS)
def test_noise_and_state_keep_the_variance_of_a_point(lambdas):
    """Where the clean image is 0 the state is noise: what is kept of it and what is drawn make that of the end."""
    _, old, now, end = lambdas
    here, there = level(now), level(end)
    on_x, _, on_noise = DPMppSDE(order=2).weights(here, there, (level(old),))
    assert (on_x * here.sigma) ** 2 + on_noise**2 == pytest.approx(there.sigma**2)
    for scheduler in (DPMpp(order=2), DPMSolver(order=2)):
        assert scheduler.weights(here, there, (level(old),)).on_noise == 0


@given(LAMBDAS)
def test_the_published_curve_is_half_of_the_exact_one(lambdas):
    older, old, now, end = lambdas
    past = level(old), level(older)
    exact, published = (
        np.array(DPMpp(order=3, curve=curve).weights(level(now), level(end), past).on_said)
        for curve in ("exact", "published")
    )
    constant, line, bent = np.ones(3), np.array([now, old, older]), np.array([now, old, older]) ** 2
    assert exact @ constant == pytest.approx(published @ constant)
    assert exact @ line == pytest.approx(published @ line, rel=1e-6, abs=1e-9)
    assert exact @ bent != pytest.approx(published @ bent, rel=1e-9)
