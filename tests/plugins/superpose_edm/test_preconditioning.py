"""Preconditionings: the table of the paper, by what it is for."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from superpose import TableSchedule
from superpose_edm.preconditioning import EDMPreconditioning, IDDPMPreconditioning, VPPreconditioning


@pytest.mark.parametrize("sigma", [0.002, 0.1, 1.0, 7.5, 80.0])
def test_preconditionings(sigma: float) -> None:
    edm = EDMPreconditioning(sigma_data=0.5).at(sigma)
    assert edm.in_ * math.sqrt(sigma**2 + 0.25) == pytest.approx(1), "inputs have unit variance"
    error = (1 - edm.skip) ** 2 * 0.25 + edm.skip**2 * sigma**2
    assert error == pytest.approx(edm.out**2), "what is left for the network has unit variance"
    assert edm.noise == pytest.approx(math.log(sigma) / 4)
    vp = VPPreconditioning()
    t = vp.at(sigma).noise / 999
    assert math.sqrt(math.expm1(19.9 / 2 * t * t + 0.1 * t)) == pytest.approx(sigma)
    assert vp.ends[1] == pytest.approx(math.sqrt(math.expm1(10.05)))


def test_iddpms_table_is_the_cosine_schedule() -> None:
    around, schedule = IDDPMPreconditioning(), TableSchedule.named("cosine")
    for t in (0, 1, 250, 500, 998):
        alpha, sigma = schedule.at(t)
        assert around.table[999 - t] == pytest.approx(sigma / alpha, rel=1e-6), t
        assert around.at(1.0001 * sigma / alpha).noise == t


def test_the_ends_are_levels_that_the_network_was_told_of() -> None:
    vp = VPPreconditioning()
    assert [vp.at(sigma).noise / (vp.M - 1) for sigma in vp.ends] == pytest.approx([vp.epsilon_t, 1.0], rel=1e-4)
    around = IDDPMPreconditioning(M=50)
    assert len(around.table) == 51
    assert around.table[-1] == 0
    assert [around.at(sigma).noise for sigma in around.ends] == [0, 49]
    assert all(a > b for a, b in pairwise(around.table))
