"""Noise levels: their ratios, their prior, and the step that they carry along."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from superpose import NoiseLevel, Plan
from superpose.levels.noise_level import StepInfo


@given(st.floats(0.01, 1), st.floats(0.01, 100))
def test_the_log_is_that_of_the_ratio_turned_round(alpha, sigma):
    level = NoiseLevel(0, 1.0, alpha, sigma)
    assert level.ratio == sigma / alpha
    assert level.log_snr == pytest.approx(-math.log(level.ratio))
    assert level.prior == pytest.approx(math.sqrt(alpha**2 + sigma**2))


def test_the_ends_are_infinitely_far_away():
    pure, clean = NoiseLevel(0, 999.0, 0.0, 1.0), NoiseLevel(1, -1.0, 1.0, 0.0)
    assert (pure.ratio, pure.log_snr) == (math.inf, -math.inf)
    assert (clean.ratio, clean.log_snr) == (0, math.inf)


def test_a_level_that_knows_its_step_is_still_that_level():
    level = NoiseLevel(0, 5.0, 0.6, 0.8)
    step = StepInfo(level, NoiseLevel(1, -1.0, 1.0, 0.0), 0, 1)
    told = level.asked_in(step)
    assert (told, hash(told), told.step) == (level, hash(level), step)
    assert level.step is None
    assert told._replace(index=3).index == 3


class TestPlan:
    LEVELS = (NoiseLevel(7, 9.0, 0.1, 0.9), NoiseLevel(7, 4.0, 0.6, 0.4), NoiseLevel(7, 9.0, 0.1, 0.9))
    PLAN = Plan.of([*LEVELS, NoiseLevel(7, -1.0, 1.0, 0.0)])

    def test_places_are_counted(self):
        assert [level.index for level in self.PLAN.levels] == [0, 1, 2, 3]
        assert self.PLAN.steps == 3

    def test_it_climbs_where_there_is_more_noise(self):
        assert [self.PLAN.climbs(step) for step in range(3)] == [False, True, False]

    def test_each_level_is_asked_in_its_step(self):
        told = self.PLAN.asked(1)
        assert (told.step.here, told.step.there) == self.PLAN.levels[1:3]
        assert (told.step.index, told.step.total) == (1, 3)
