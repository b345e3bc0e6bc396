"""Rules and the run that they are to hold in: what they ask of it, by their places."""

import attrs
import pytest

from superpose import Edit, Plan, RecipeError, Rule, TableSchedule, make
from superpose.sampling import fitting
from superpose.sampling.fitting import MisfitError, fitted, refused

PLAN = make("scheduler", "ddim", steps=4).plan(TableSchedule.named("linear"))


@attrs.frozen
class Plain(Rule):
    """Asks for something."""

    kind = "plain"
    needs: frozenset = frozenset()


class Starting(Plain):
    """Makes the starting state."""

    kind = "starting"

    def start(self, x, plan, noise):
        return Edit(x)


class Twice(Plain):
    """Visits everything twice."""

    kind = "twice"

    def plan(self, plan):
        return Plan.of([*plan.levels[:-1], *plan.levels])


@pytest.mark.parametrize(
    ("need", "serves", "lacks"),
    [
        ("stochastic", ("ddpm", {}), ("ddim", {})),
        ("deterministic", ("ddim", {}), ("ddpm", {})),
        ("single_step", ("ddim", {}), ("lms", {})),
        ("renoising", ("euler", {}), ("heun", {})),
    ],
)
def test_a_need_is_served_or_told_with_the_schedulers_that_do(need, serves, lacks):
    rule = Plain(frozenset({need}))
    assert refused(make("scheduler", serves[0], **serves[1]), rule) is None
    why = refused(make("scheduler", lacks[0], **lacks[1]), rule)
    assert f"plain needs a {need.replace('_', '-')} scheduler, and {lacks[0]} as set here is not" in why
    assert serves[0] in why.partition("as they come: ")[2].split(", ")


def test_a_need_of_the_network():
    rule = Plain(frozenset({"differentiable"}))
    scheduler = make("scheduler", "ddim")
    assert refused(scheduler, rule) is None
    assert "use another model, or remove plain" in refused(scheduler, rule, differentiable=False)


def test_plans_are_made_one_after_the_other():
    plan = fitted(make("scheduler", "ddim"), PLAN, [Twice(), Twice()])
    assert plan.steps == 16, "4 steps are visited again, and the 8 that makes are too"
    assert plan.levels[0] == PLAN.levels[0]


def test_the_rule_at_fault_is_told_by_its_place(monkeypatch):
    scheduler = make("scheduler", "ddim")
    with pytest.raises(MisfitError) as caught:
        fitted(scheduler, PLAN, [Plain(), Starting(), Plain(), Starting(), Starting()])
    assert list(caught.value.found) == [3, 4]
    assert caught.value.lines[0].startswith("constraint 3 (starting) makes the starting state, and would undo the one")
    with pytest.raises(MisfitError) as caught:
        fitted(scheduler, PLAN, [Plain(), Plain(frozenset({"stochastic"}))])
    assert list(caught.value.found) == [1]
    monkeypatch.setattr(fitting, "LONGEST", 10)
    with pytest.raises(MisfitError, match="twice makes a plan of 16 steps; a run has at most 10") as caught:
        fitted(scheduler, PLAN, [Twice(), Twice()])
    assert list(caught.value.found) == [1]
    assert isinstance(caught.value, RecipeError)
