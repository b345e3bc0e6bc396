"""Grids even in something else than whole times: even in what they say, from the noisiest level to the cleanest."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from superpose import EDMSchedule, FlowSchedule, RecipeError, TableSchedule, VESchedule
from superpose.levels import fractional_grids as grids
from superpose.levels.request import Request

SCHEDULES = {"table": TableSchedule.named("linear"), "ve": VESchedule(), "edm": EDMSchedule()}


def ratios(make, schedule, steps, **options):
    levels = make(Request(schedule=schedule, grid="a grid", steps=steps, **options))
    return [level.ratio for level in levels]


def even(values):
    steps = [b - a for a, b in pairwise(values)]
    return max(steps) - min(steps) <= 1e-6 * max(map(abs, steps))


@pytest.mark.parametrize("name", SCHEDULES)
@given(st.integers(3, 60), st.floats(1, 10))
def test_karras_is_even_in_a_root_of_the_ratio(name, steps, rho):
    assert even([ratio ** (1 / rho) for ratio in ratios(grids.karras, SCHEDULES[name], steps, rho=rho)])


@pytest.mark.parametrize("name", SCHEDULES)
@given(st.integers(3, 60))
def test_exponential_is_even_in_its_logarithm(name, steps):
    assert even([math.log(ratio) for ratio in ratios(grids.exponential, SCHEDULES[name], steps)])


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("make", [grids.karras, grids.exponential, grids.edm, grids.linspace_fractional])
@pytest.mark.parametrize("steps", [2, 5])
def test_the_ends_are_those_of_the_schedule(name, make, steps):
    schedule = SCHEDULES[name]
    found = ratios(make, schedule, steps)
    request = Request(schedule=schedule, grid="a grid", steps=steps)
    assert (found[0], found[-1]) == (request.trained(request.last).ratio, request.trained(0).ratio)


@given(st.integers(2, 200))
def test_edm_visits_trained_levels_once(steps):
    schedule = SCHEDULES["table"]
    levels = grids.edm(Request(schedule=schedule, grid="edm", steps=steps))
    times = [level.t for level in levels]
    assert all(t == int(t) for t in times)
    assert all(a > b for a, b in pairwise(times))
    assert len(levels) <= steps


def test_the_network_is_told_whole_times_of_levels_that_are_not():
    request = Request(schedule=SCHEDULES["table"], grid="karras-rounded", steps=9)
    for whole, exact in zip(grids.karras_rounded(request), grids.karras(request), strict=True):
        assert whole.t == round(exact.t)
        assert (whole.alpha, whole.sigma) == (exact.alpha, exact.sigma)


@pytest.mark.parametrize("shift", [1.0, 3.0])
def test_a_flow_is_even_before_it_is_shifted(shift):
    levels = grids.flow(Request(schedule=FlowSchedule(shift=shift), grid="flow", steps=5))
    unshifted = [level.sigma / (shift - (shift - 1) * level.sigma) for level in levels]
    assert unshifted == pytest.approx([1.0, 0.8, 0.6, 0.4, 0.2])


def test_a_grid_of_ratios_needs_a_signal_at_the_top():
    silent = TableSchedule.named("scaled_linear").zero_terminal_snr()
    for make in (grids.karras, grids.exponential):
        with pytest.raises(RecipeError, match="grid 'a grid' spaces noise over signal, which is infinite"):
            ratios(make, silent, 5)
    with pytest.raises(RecipeError, match="is for rectified flows, and this model's schedule is a TableSchedule"):
        ratios(grids.flow, silent, 5)
