"""Plans: every grid on every process falls and ends where it should, and contradictions are refused."""

import math
import re
from itertools import pairwise

import attrs
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from superpose import GRIDS, EDMSchedule, FlowSchedule, TableSchedule, VESchedule, plan_of
from superpose.errors import RecipeError
from superpose.sampling.gridded import Gridded

SCHEDULES = {
    "linear": TableSchedule.named("linear"),
    "scaled_linear": TableSchedule.named("scaled_linear"),
    "cosine": TableSchedule.named("cosine"),
    "sigmoid": TableSchedule.named("sigmoid"),
    "constant": TableSchedule.named("constant"),
    "short": TableSchedule.named("cosine", 20),
    "float32": TableSchedule.named("linear", precision="float32"),
    "zero-snr": TableSchedule.named("scaled_linear").zero_terminal_snr(),
    "ve": VESchedule(),
    "edm": EDMSchedule(),
    "flow": FlowSchedule(),
    "flow shift 3": FlowSchedule(shift=3.0),
}
FLOWS = {"flow", "flow shift 3"}
SPACED_BY_RATIO = {"karras", "karras-rounded", "edm", "exponential"}


def refused(name, grid):
    """Whether a grid is none for a schedule, whatever the number of steps."""
    if grid in ("flow", "flow-diffusers"):
        return name not in FLOWS
    return grid in SPACED_BY_RATIO and (name in FLOWS or name == "zero-snr")


@given(
    st.sampled_from(sorted(SCHEDULES)),
    st.sampled_from(sorted(GRIDS)),
    st.integers(1, 1000),
    st.sampled_from(["zero", "first"]),
)
def test_every_plan_falls_to_its_end(name, grid, steps, final):
    schedule = SCHEDULES[name]
    assume(not refused(name, grid))
    try:
        plan = plan_of(schedule, grid, steps, final=final)
    except RecipeError as error:
        # No such count, or nothing but the end itself; every other refusal is a fault.
        lawful = re.search("at most|whole stride|visits time|no step to take", str(error))
        if lawful:
            return
        raise
    case = (name, grid, steps, final)
    ratios = [level.ratio for level in plan.levels]
    assert all(here > there for here, there in pairwise(ratios)), case
    assert [level.index for level in plan.levels] == list(range(len(ratios))), case
    times = [level.t for level in plan.levels[:-1]]
    assert all(here >= there if grid == "karras-rounded" else here > there for here, there in pairwise(times)), case
    end = plan.levels[-1]
    if final == "zero":
        assert (end.t, end.alpha, end.sigma) == (-1, 1, 0), case
    else:
        assert end.sigma > 0, case
    if grid not in ("compvis", "edm"):
        assert steps - plan.steps in ((0,) if final == "zero" else (0, 1)), case
    for level in plan.levels[:-1]:
        if grid not in SPACED_BY_RATIO:
            assert schedule.at(level.t) == (level.alpha, level.sigma), (*case, level)
            continue
        # The network is asked at a time between the same trained levels as the plan's own (one off where rounded).
        slack = 1 if grid == "karras-rounded" else 0
        cleaner = schedule.level(0, max(math.floor(level.t) - slack, 0)).ratio
        noisier = schedule.level(0, min(math.ceil(level.t) + slack, schedule.steps - 1)).ratio
        assert cleaner * (1 - 1e-12) <= level.ratio <= noisier * (1 + 1e-12), (*case, level)


def test_a_grid_that_no_step_count_of_a_schedule_has_says_what_to_write():
    for name, schedule in SCHEDULES.items():
        for grid in GRIDS:
            if refused(name, grid):
                with pytest.raises(RecipeError, match=f"grid '{grid}' .* write grid = 'trailing'"):
                    plan_of(schedule, grid, 10)
            plan = plan_of(schedule, "trailing", 10)
            assert plan.steps == 10, name


@pytest.mark.parametrize(
    "grid", ["karras", "karras-rounded", "exponential", "leading", "linspace", "linspace-fractional"]
)
def test_a_grid_that_visits_the_first_level_ends_there_one_step_shorter(grid):
    schedule = SCHEDULES["scaled_linear"]
    to_zero, to_first = (plan_of(schedule, grid, 10, final=final) for final in ("zero", "first"))
    assert (to_zero.steps, to_first.steps) == (10, 9), grid
    assert to_first.levels == to_zero.levels[:-1], grid
    assert to_first.levels[-1][1:] == schedule.level(0, 0)[1:], grid


@pytest.mark.parametrize("grid", ["trailing", "compvis", "linspace-dpm", "sgm"])
def test_a_grid_that_stops_above_the_first_level_goes_there(grid):
    schedule = SCHEDULES["scaled_linear"]
    plan = plan_of(schedule, grid, 10, final="first")
    assert plan.steps == 10, grid
    assert plan.levels[-1] == schedule.level(10, 0), grid


def test_the_extremes_of_karras_are_the_schedule_s_own_and_the_levels_even_in_the_root():
    for name in ("linear", "scaled_linear", "ve", "edm"):
        schedule = SCHEDULES[name]
        for rho in (1.0, 3.0, 7.0):
            levels = plan_of(schedule, "karras", 12, rho=rho).levels[:-1]
            assert levels[0] == schedule.level(0, 999), (name, rho)
            assert levels[-1] == schedule.level(11, 0), (name, rho)
            roots = [level.ratio ** (1 / rho) for level in levels]
            gaps = [here - there for here, there in pairwise(roots)]
            assert gaps == pytest.approx([gaps[0]] * 11, rel=1e-9), (name, rho)


def test_karras_on_karras_s_own_axis_is_an_even_grid():
    karras, even = (plan_of(SCHEDULES["edm"], grid, 18) for grid in ("karras", "linspace-fractional"))
    for one, two in zip(karras.levels, even.levels, strict=True):
        assert one.sigma == pytest.approx(two.sigma, rel=1e-12), one
        assert one.t == pytest.approx(two.t, rel=1e-9, abs=1e-9), one


def test_edm_rounds_to_trained_levels_and_visits_none_twice():
    schedule = SCHEDULES["linear"]
    for steps in (5, 40, 300):
        exact, rounded = (plan_of(schedule, grid, steps).levels[:-1] for grid in ("karras", "edm"))
        trained = np.array([schedule.level(0, t).ratio for t in range(1000)])
        nearest = {int(np.abs(trained - level.ratio).argmin()) for level in exact}
        assert [level.t for level in rounded] == sorted(nearest, reverse=True), steps
        assert all(level[1:] == schedule.level(0, level.t)[1:] for level in rounded), steps


def test_flow_is_even_and_shifted_once():
    for shift in (1.0, 3.0):
        levels = plan_of(FlowSchedule(shift=shift), "flow", 10).levels
        for i, level in enumerate(levels[:-1]):
            u = 1 - i / 10
            assert level.sigma == pytest.approx(shift * u / (1 + (shift - 1) * u)), (shift, i)
            assert level.t == pytest.approx(1000 * level.sigma), (shift, i)


def test_trailing_on_a_flow_is_the_flow_s_own_grid_where_the_steps_divide():
    for shift in (1.0, 3.0):
        one, two = (plan_of(FlowSchedule(shift=shift), grid, 20).levels for grid in ("trailing", "flow"))
        assert [level.t for level in one] == pytest.approx([level.t for level in two]), shift


def test_listed_times_are_visited_as_given():
    schedule = SCHEDULES["linear"]
    plan = plan_of(schedule, "trailing", 50, timesteps=[900, 611.5, 300, 7])
    assert [level.t for level in plan.levels] == [900, 611.5, 300, 7, -1]
    assert plan.levels[1] == schedule.level(1, 611.5)
    assert plan_of(FlowSchedule(), "flow", 50, timesteps=[1000, 500]).steps == 2
    assert math.isinf(plan_of(SCHEDULES["zero-snr"], "trailing", 1, timesteps=[999, 0]).levels[0].ratio)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"timesteps": [900, 900]}, r"timesteps\[1\] = 900 follows 900: write the noisiest first and none twice"),
        ({"timesteps": [300, 900]}, r"must fall strictly, but timesteps\[1\] = 900 follows 300"),
        ({"timesteps": [1000, 5]}, r"timesteps\[0\] = 1000 is outside .* from 999 down to 0"),
        ({"timesteps": [5, -1]}, r"timesteps\[1\] = -1 is outside"),
        ({"timesteps": [math.nan]}, r"timesteps\[0\] = nan is outside"),
        ({"timesteps": [0], "final": "first"}, r"the only time visited, 0, .* write final = 'zero', or a noisier time"),
        ({"timesteps": [9], "offset": 1}, r"offset = 1 does nothing with a list of timesteps: remove it"),
        ({"grid": "uniform"}, r"no time grid is called 'uniform': write one of trailing, leading"),
        ({"steps": 0}, r"at least 1 step, got steps = 0"),
        ({"final": "last"}, r"final is 'zero' .* or 'first' .*, got 'last'"),
        ({"offset": 1}, r"offset = 1 does nothing with grid 'trailing': remove it, or write grid = 'leading' or"),
        ({"rho": 5.0}, r"rho = 5\.0 does nothing with grid 'trailing'.* 'karras'"),
        ({"sections": [10, 20]}, r"sections = \[10, 20\] does nothing with grid 'trailing'.* 'openai'"),
        ({"grid": "openai", "sections": [600, 3]}, r"section 0 .* has 500 of the 1000 times, .* write 500 or less"),
    ],
)
def test_contradictions_are_refused_with_the_cure(options, message):
    with pytest.raises(RecipeError, match=message):
        plan_of(SCHEDULES["linear"], **{"grid": "trailing", "steps": 10, **options})


@attrs.frozen(kw_only=True)
class Still(Gridded):
    """A scheduler that does not move: only its plan is of interest."""

    kind = "still"

    def step(self, denoise, x, here, there, state, noise, jumped):
        return x, state


def test_a_gridded_scheduler_hands_every_option_on():
    schedule = SCHEDULES["linear"]
    assert Still().plan(schedule) == plan_of(schedule, "trailing", 50)
    for options in (
        {"steps": 7, "grid": "leading", "offset": 1, "final": "first"},
        {"steps": 9, "grid": "karras", "rho": 3.0},
        {"grid": "openai", "sections": (3, 4)},
        {"timesteps": (800.0, 20.5)},
    ):
        assert Still(**options).plan(schedule) == plan_of(schedule, **{"grid": "trailing", "steps": 50, **options}), (
            options
        )


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": 0},
        {"grid": "uniform"},
        {"final": "last"},
        {"rho": 0.0},
        {"offset": -1},
        {"timesteps": (-1.0,)},
        {"sections": (0,)},
    ],
)
def test_a_gridded_scheduler_refuses_options_out_of_range(wrong):
    with pytest.raises(ValueError, match=r"must be (at least|more than|one of)"):
        Still(**wrong)
