"""Schedules from tables: exact at trained times, interpolated between, rescaled to zero signal."""

import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from superpose import TableSchedule
from superpose.levels.betas import NAMES

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # diffusers warns about other libraries while it is imported
    from diffusers.schedulers.scheduling_ddim import rescale_zero_terminal_snr

TABLES = {name: TableSchedule.named(name) for name in NAMES}
ZERO = {f"{name} at zero": table.zero_terminal_snr() for name, table in TABLES.items()}
EVERY = {**TABLES, **ZERO}
tables = st.sampled_from(sorted(EVERY))


def test_trained_times_are_exact():
    for name, schedule in EVERY.items():
        for t, bar in enumerate(schedule.alphas_cumprod):
            assert schedule.at(t) == (math.sqrt(bar), math.sqrt(1 - bar)), (name, t)


def test_time_of_finds_every_trained_time_exactly():
    for name, schedule in EVERY.items():
        wrong = [t for t in range(schedule.steps) if schedule.time_of(schedule.level(0, t).ratio) != t]
        assert not wrong, (name, wrong[:5])


@given(tables, st.floats(0, 999))
def test_between_trained_times_variance_is_preserved_and_signal_falls(name, t):
    schedule = EVERY[name]
    alpha, sigma = schedule.at(t)
    assert math.hypot(alpha, sigma) == pytest.approx(1, abs=1e-12), (name, t)
    rounding = 1e-15
    assert schedule.at(math.ceil(t))[0] - rounding <= alpha <= schedule.at(math.floor(t))[0] + rounding, (name, t)


@given(st.sampled_from(NAMES), st.floats(0, 999))
def test_the_ratio_is_linear_between_trained_times(name, t):
    ratios = [TABLES[name].level(0, k).ratio for k in range(1000)]
    assert TABLES[name].level(0, t).ratio == pytest.approx(np.interp(t, range(1000), ratios), rel=1e-12), (name, t)


@given(tables, st.floats(0, 999))
def test_time_of_is_the_inverse_to_a_fraction_of_a_step(name, t):
    back = EVERY[name].time_of(EVERY[name].level(0, t).ratio)
    assert math.floor(t) - 1e-9 <= back <= math.ceil(t) + 1e-9, (name, t, back)


@given(tables, st.floats(1e-6, 1e6))
def test_time_of_rises_with_the_ratio_and_stays_inside(name, ratio):
    schedule = EVERY[name]
    times = [schedule.time_of(value) for value in (0.0, ratio, ratio * 1.5, math.inf)]
    assert times == sorted(times), (name, ratio, times)
    assert (times[0], times[-1]) == (0, 999), (name, times)


def test_zero_terminal_snr_keeps_the_first_level_and_ends_at_exactly_zero():
    for name, table in TABLES.items():
        rescaled = table.zero_terminal_snr()
        assert rescaled.alphas_cumprod[0] == table.alphas_cumprod[0], name
        assert rescaled.alphas_cumprod[-1] == 0, name
        assert rescaled.at(999) == (0, 1), name
        assert math.isinf(rescaled.level(0, 999).ratio), name
        assert rescaled.level(0, 998.5).alpha == pytest.approx(rescaled.at(998)[0] / 2), name


def test_zero_terminal_snr_is_algorithm_1_as_diffusers_has_it():
    for name, table in TABLES.items():
        betas = rescale_zero_terminal_snr(torch.from_numpy(table.betas))
        theirs = torch.cumprod(1 - betas, 0).numpy()
        assert np.allclose(table.zero_terminal_snr().alphas_cumprod, theirs, rtol=1e-9, atol=1e-15), name


def test_the_floor_of_diffusers_makes_a_ratio_of_4096():
    level = TABLES["scaled_linear"].zero_terminal_snr(floor=2**-24).level(0, 999)
    assert level.ratio == pytest.approx(4096, rel=1e-6)


def test_betas_come_back_from_the_table():
    betas = np.linspace(1e-4, 0.02, 1000)
    assert np.allclose(TableSchedule.from_betas(betas).betas, betas, rtol=1e-9, atol=1e-12)


def test_equal_tables_are_equal_and_hash_alike():
    one, two = TableSchedule.named("cosine"), TableSchedule.named("cosine")
    assert one == two
    assert hash(one) == hash(two)
    assert one != TABLES["linear"]
    assert repr(one) == "TableSchedule(alphas_cumprod=<1000 values>)"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([0.9], "at least 2 cumulative alphas, got 1"),
        ([0.9, 0.95], r"that of time 1 is 0\.95 after 0\.9"),
        ([1.0, 0.5], r"that of time 0 is 1 after 1"),
        ([0.9, 0.0, 0.0], r"that of time 1 is 0 after 0\.9"),
        ([0.9, -0.1], r"that of time 1 is -0\.1 after 0\.9"),
        ([0.9, math.nan], r"that of time 1 is nan after 0\.9"),
    ],
)
def test_a_table_that_does_not_fall_is_refused(table, message):
    with pytest.raises(ValueError, match=message):
        TableSchedule(table)


@pytest.mark.parametrize("t", [-1, 999.5, 1000, math.nan])
def test_a_time_outside_the_table_is_refused(t):
    with pytest.raises(ValueError, match="outside the table of 1000 times: give one from 0 to 999"):
        TABLES["linear"].at(t)
