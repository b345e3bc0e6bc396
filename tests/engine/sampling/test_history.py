"""Histories of multistep methods: the newest first, bounded, and without what is infinitely far away."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from superpose import NoiseLevel
from superpose.sampling.history import apart, levels_of, remembered


def level(index, alpha=0.6):
    return NoiseLevel(index, float(index), alpha, math.sqrt(1 - alpha**2))


@given(st.integers(1, 5), st.integers(0, 8))
def test_so_many_are_remembered_and_the_newest_comes_first(count, steps):
    past = ()
    for i in range(steps):
        past = remembered(level(i), torch.tensor(float(i)), past, count)
    newest = list(reversed(range(steps)))[:count]
    assert [at.index for at in levels_of(past)] == newest
    assert [float(value) for _, value in past] == newest


def test_pure_noise_is_not_remembered_and_clears_what_was():
    past = remembered(level(0), torch.tensor(0.0), (), 3)
    assert remembered(NoiseLevel(1, 9.0, 0.0, 1.0), torch.tensor(1.0), past, 3) == ()


def test_the_step_is_one_of_the_log_of_signal_to_noise():
    assert apart(level(0, 0.6), level(1, 0.8)) == pytest.approx(math.log(0.8 / 0.6) - math.log(0.6 / 0.8))
    assert apart(NoiseLevel(0, 9.0, 0.0, 1.0), level(1)) == math.inf
    assert apart(level(0), NoiseLevel(1, -1.0, 1.0, 0.0)) == math.inf
