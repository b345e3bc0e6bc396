"""Exploding variance, Karras's axis and rectified flow: closed forms, and times that invert levels."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from superpose import EDMSchedule, FlowSchedule, VESchedule

SCHEDULES = [
    VESchedule(),
    VESchedule(sigma_min=0.1, sigma_max=348, steps=2000),
    EDMSchedule(),
    EDMSchedule(rho=3, steps=18),
]
SCHEDULES += [FlowSchedule(), FlowSchedule(shift=3.0), FlowSchedule(shift=0.5, steps=100)]


def last(schedule):
    return schedule.steps if isinstance(schedule, FlowSchedule) else schedule.steps - 1


@given(st.sampled_from(SCHEDULES), st.floats(0, 1))
def test_time_of_inverts_at(schedule, share):
    t = share * last(schedule)
    back = schedule.time_of(schedule.level(0, t).ratio)
    assert back == pytest.approx(t, rel=1e-9, abs=1e-9), (schedule, t)


@given(st.sampled_from(SCHEDULES), st.floats(1e-9, 1e9))
def test_at_inverts_time_of_within_the_trained_range(schedule, ratio):
    least, most = schedule.level(0, 0).ratio, schedule.level(0, last(schedule)).ratio
    got = schedule.level(0, schedule.time_of(ratio)).ratio
    # A flow's ratio is sigma / (1 - sigma): near pure noise it has as many good digits as 1 - sigma has.
    assert got == pytest.approx(min(max(ratio, least), most), rel=1e-9 + 1e-15 * ratio), (schedule, ratio)


@given(st.sampled_from(SCHEDULES), st.floats(0, 1), st.floats(0, 1))
def test_noise_rises_with_time(schedule, one, two):
    early, late = sorted([one * last(schedule), two * last(schedule)])
    assert schedule.level(0, early).ratio <= schedule.level(0, late).ratio, (schedule, early, late)


@given(st.sampled_from(SCHEDULES), st.floats(0, 1))
def test_each_process_keeps_its_law(schedule, share):
    alpha, sigma = schedule.at(share * last(schedule))
    kept = alpha + sigma if isinstance(schedule, FlowSchedule) else alpha
    assert kept == pytest.approx(1, abs=1e-15), (schedule, share)


def test_ends_are_the_given_levels():
    for schedule in SCHEDULES[:4]:
        ends = schedule.at(0)[1], schedule.at(schedule.steps - 1)[1]
        assert ends == pytest.approx((schedule.sigma_min, schedule.sigma_max), rel=1e-12), schedule
        assert schedule.time_of(0) == 0, schedule
        assert schedule.time_of(math.inf) == schedule.steps - 1, schedule


def test_ve_is_geometric_and_edm_even_in_the_root():
    # arXiv 2011.13456, eq. 9, and 2206.00364, eq. 5 (the paper counts from the noisy end).
    assert VESchedule(sigma_min=0.01, sigma_max=100, steps=5).at(1)[1] == pytest.approx(0.1)
    n, i = 18, 5
    eq5 = (80 ** (1 / 7) + i / (n - 1) * (0.002 ** (1 / 7) - 80 ** (1 / 7))) ** 7
    assert EDMSchedule(steps=n).at(n - 1 - i)[1] == pytest.approx(eq5, rel=1e-12)


def test_flow_time_is_the_level_and_shift_moves_the_middle():
    assert FlowSchedule(shift=3).at(250) == (0.75, 0.25)
    assert FlowSchedule(shift=3).shifted(0.5) == 0.75
    assert FlowSchedule(shift=3).time_of(math.inf) == 1000
    assert (FlowSchedule(shift=3).shifted(0), FlowSchedule(shift=3).shifted(1)) == (0, 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: VESchedule(sigma_min=2, sigma_max=1), "got sigma_min 2 and sigma_max 1"),
        (lambda: EDMSchedule(sigma_min=0), "sigma_min must be above 0"),
        (lambda: EDMSchedule(rho=0), "rho must be above 0, got 0"),
        (lambda: FlowSchedule(shift=0), "shift must be above 0, got 0"),
        (lambda: VESchedule(steps=1), "at least 2 steps, got 1"),
        (lambda: VESchedule().at(1000), "time 1000 is outside the trained range: give one from 0 to 999"),
        (lambda: FlowSchedule().at(-1), "time -1 is outside the trained range: give one from 0 to 1000"),
    ],
)
def test_impossible_levels_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
