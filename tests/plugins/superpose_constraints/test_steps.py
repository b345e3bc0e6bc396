"""Steps of rules that move a state themselves: the step that a level is asked in."""

import pytest

import superpose
from superpose import RecipeError
from superpose_constraints.steps import no_noise, step_of


def test_a_level_of_the_plan_is_in_its_step_and_others_are_refused():
    plan = superpose.make("scheduler", "ddim", steps=4).plan(superpose.TableSchedule.named("linear"))
    assert step_of(plan.asked(2), "it").index == 2
    for level in (plan.levels[2], plan.levels[2].asked_in(plan.step_info(1))):
        with pytest.raises(RecipeError, match="it goes on, and is asked in between: use a scheduler that asks once"):
            step_of(level, "it goes on")


def test_a_step_without_noise_draws_none():
    with pytest.raises(AssertionError, match="was asked for noise"):
        no_noise()
