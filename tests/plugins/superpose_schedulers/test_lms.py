"""Adams-Bashforth on uneven levels: the weights are the integrals of Lagrange's polynomials, as NumPy has them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.polynomial import Polynomial

from superpose import NoiseLevel
from superpose_schedulers.lms import weights

#: Falling ratios of noise: of the past, oldest first, and of the step.
RATIOS = st.lists(st.floats(0.2, 2.0), min_size=2, max_size=5).map(lambda steps: np.cumsum(steps)[::-1])


def level(ratio):
    alpha = 1 / np.sqrt(1 + ratio**2)
    return NoiseLevel(0, 1.0, float(alpha), float(alpha * ratio))


@given(RATIOS)
def test_the_weights_are_integrals_of_lagranges_polynomials(ratios):
    *known, end = map(float, ratios)
    here, past = level(known[-1]), tuple(map(level, reversed(known[:-1])))
    there = level(end)
    on_x, *on_noise = weights(here, there, past)
    assert on_x == pytest.approx(there.alpha / here.alpha)
    nodes = known[::-1]
    for i, (node, got) in enumerate(zip(nodes, on_noise, strict=True)):
        lagrange = Polynomial([1.0])
        for j, other in enumerate(nodes):
            if j != i:
                lagrange *= Polynomial([-other, 1.0]) / (node - other)
        integral = lagrange.integ()
        # What is remembered is sigma times epsilon.
        want = there.alpha * (integral(end) - integral(node if i == 0 else nodes[0])) / level(node).sigma
        assert got == pytest.approx(want, rel=1e-6, abs=1e-9), f"noise {i}"
