"""The grids of whole times: the examples of their originals, every step count, and errors whose cure works."""

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superpose import TableSchedule, plan_of
from superpose.errors import RecipeError
from superpose.levels import whole_grids
from superpose.levels.request import Request

LINEAR = TableSchedule.named("linear")
LENGTHS = {steps: TableSchedule.named("cosine", steps) for steps in (10, 100, 300, 1000)}


def times(grid, steps, schedule=LINEAR, **options):
    return [level.t for level in plan_of(schedule, grid, steps, **options).levels[:-1]]


def places(grid, steps, schedule=LINEAR):
    """The same without the levels: a thousand step counts in a moment."""
    return getattr(whole_grids, grid.replace("-", "_"))(Request(schedule=schedule, grid=grid, steps=steps))


def space_timesteps(total, counts):
    """The rule of guided-diffusion's respacing, from its description: ends kept, even strides summed and rounded."""
    kept, start = set(), 0
    for i, count in enumerate(counts):
        size = total // len(counts) + (i < total % len(counts))
        stride = np.cumsum([0.0] + [(size - 1) / max(count - 1, 1)] * (count - 1))
        kept |= {start + round(float(place)) for place in stride}
        start += size
    return sorted(kept, reverse=True)


@pytest.mark.parametrize(
    ("grid", "first", "last"),
    [
        # Twenty steps of a thousand: the table of numerical conventions that came with the project.
        ("leading", [950, 900], [50, 0]),
        ("trailing", [999, 949], [99, 49]),
        ("linspace", [999, 946], [53, 0]),
        ("linspace-fractional", [999, 946.4210526], [52.5789474, 0]),
        ("linspace-dpm", [999, 949], [100, 50]),
        ("ddim-openai", [950, 900], [50, 0]),
        ("compvis", [951, 901], [51, 1]),
        ("sgm", [999, 949], [99, 49]),
        ("leading-dpm", [940, 893], [94, 47]),
    ],
)
def test_twenty_steps_of_a_thousand(grid, first, last):
    got = times(grid, 20)
    assert len(got) == 20, (grid, got)
    assert got[:2] == pytest.approx(first), (grid, got)
    assert got[-2:] == pytest.approx(last), (grid, got)


@pytest.mark.parametrize(
    ("grid", "steps", "ascending"),
    [
        ("openai", 250, [0, 4, ..., 995, 999]),
        ("ddim-openai", 25, [0, 40, ..., 920, 960]),
        ("compvis", 10, [1, 101, ..., 801, 901]),
        ("compvis", 7, [1, 143, ..., 853, 995]),
    ],
)
def test_examples_of_the_originals(grid, steps, ascending):
    got = times(grid, steps)[::-1]
    assert got[:2] == ascending[:2], (grid, got)
    assert got[-2:] == ascending[-2:], (grid, got)


def test_compvis_may_make_more_steps_than_asked():
    assert len(times("compvis", 7)) == 8
    assert len(times("compvis", 30)) == 31


@pytest.mark.parametrize("total", LENGTHS)
@pytest.mark.parametrize("grid", ["trailing", "leading", "linspace", "openai", "sgm"])
def test_every_step_count_gives_so_many_falling_times(grid, total):
    for steps in range(1, total + 1):
        got = places(grid, steps, LENGTHS[total])
        assert len(got) == steps, (grid, steps, total)
        assert all(late > early for late, early in pairwise(got)), (grid, steps, total)
        assert got[-1] >= 0, (grid, steps, total)
        assert got[0] <= total - 1, (grid, steps, total)
        if grid == "trailing":
            assert got[0] == total - 1, (steps, total)
            ideal = total - np.arange(steps) * total / steps - 1
            assert np.abs(got - ideal).max() <= 0.5 + 1e-9, (steps, total)


def test_trailing_repairs_62_step_counts_and_changes_no_other_time():
    broken = []
    for steps in range(1, 1001):
        original = np.round(np.arange(1000, 0, -1000 / steps)) - 1
        assert places("trailing", steps) == list(original[:steps]), steps
        if len(original) != steps:
            assert original[steps:].tolist() == [-1], steps
            broken.append(steps)
    assert len(broken) == 62
    assert broken[:5] == [61, 103, 121, 122, 201]


@given(st.sampled_from(sorted(LENGTHS)), st.lists(st.integers(1, 300), min_size=1, max_size=6))
def test_openai_sections(total, counts):
    schedule = LENGTHS[total]
    room = [total // len(counts) + (i < total % len(counts)) for i in range(len(counts))]
    if any(count > size for count, size in zip(counts, room, strict=True)):
        with pytest.raises(RecipeError, match=r"section \d of sections = \[.*\] has \d+ of the \d+ times"):
            times("openai", 1, schedule, sections=counts)
    else:
        assert times("openai", 1, schedule, sections=counts) == space_timesteps(total, counts), (total, counts)


@given(st.sampled_from(sorted(LENGTHS)), st.integers(1, 1000))
def test_one_section_is_the_step_count(total, steps):
    if steps <= total:
        assert times("openai", steps, LENGTHS[total]) == space_timesteps(total, [steps]), (total, steps)


def test_ddim_openai_is_the_smallest_whole_stride_or_an_error_whose_cure_works():
    strides = {len(range(0, 1000, stride)): stride for stride in range(999, 0, -1)}
    for steps in range(1, 1001):
        if steps in strides:
            assert places("ddim-openai", steps) == list(range(0, 1000, strides[steps]))[::-1], steps
        else:
            with pytest.raises(RecipeError, match=f"no whole stride that makes {steps} steps of 1000") as error:
                times("ddim-openai", steps)
            cures = [int(number) for number in re.findall(r"steps = (\d+)", str(error.value))]
            below = max((n for n in strides if n < steps), default=None)
            above = min((n for n in strides if n > steps), default=None)
            assert cures == [n for n in (below, above) if n is not None], steps


def test_compvis_stops_where_the_original_does_and_the_cure_works():
    stopped = []
    for steps in range(1, 1001):
        original = np.arange(0, 1000, 1000 // steps) + 1
        if original[-1] < 1000:
            assert places("compvis", steps) == original[::-1].tolist(), steps
            continue
        stopped.append(steps)
        with pytest.raises(
            RecipeError, match=f"steps = {steps} visits time 1000, after the last trained time 999"
        ) as e:
            times("compvis", steps)
        for cure in re.findall(r"write steps = (\d+)|or steps = (\d+)", str(e.value)):
            assert times("compvis", int(cure[0] or cure[1])), (steps, cure)
    assert 9 in stopped
    assert 50 not in stopped


@given(st.sampled_from(["leading", "leading-dpm"]), st.integers(1, 999), st.integers(0, 60))
def test_an_offset_past_the_end_is_refused_with_the_largest_that_works(grid, steps, offset):
    highest = (steps - 1) * (1000 // steps) if grid == "leading" else steps * (1000 // (steps + 1))
    if highest + offset <= 999:
        plain = times(grid, steps)
        assert times(grid, steps, offset=offset) == [t + offset for t in plain], (grid, steps, offset)
    else:
        with pytest.raises(RecipeError, match=f"visits time {highest + offset}, after the last") as error:
            times(grid, steps, offset=offset)
        cure = int(re.findall(r"write offset = (\d+)", str(error.value))[0])
        assert times(grid, steps, offset=cure)[0] == 999, (grid, steps, cure)


@pytest.mark.parametrize(
    "grid", ["trailing", "leading", "linspace", "linspace-dpm", "leading-dpm", "sgm", "openai", "compvis"]
)
def test_more_steps_than_times_is_refused_and_the_cure_works(grid):
    schedule = LENGTHS[10]
    with pytest.raises(RecipeError, match=rf"grid '{grid}' has at most \d+ steps on a schedule of 10 times") as error:
        times(grid, 11, schedule)
    most = int(re.findall(r"write steps = (\d+)", str(error.value))[0])
    assert len(times("linspace-fractional", 11, schedule)) == 11
    if grid != "compvis":  # ten steps of ten times visit time 10 there: an error of its own
        assert len(times(grid, most, schedule)) == most, grid
