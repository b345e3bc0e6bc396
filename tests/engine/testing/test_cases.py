"""The cases of a kind: its variants on sizes or schedules, each named, and a reason for each that is refused."""

from typing import ClassVar

import attrs
import pytest

from small_models import Exact
from superpose import Problem, RecipeError, Scheduler, View, make, option
from superpose.plugins import load_plugins
from superpose.testing import cases as module
from superpose.testing import variants
from superpose.testing.cases import STEPS, cases

SIZES = [(3, 8, 8), (1, 9, 7), (4, 8, 8), (3, 16, 16)]


@attrs.frozen(kw_only=True)
class Even(View):
    """A mirror of even widths."""

    kind = "even"
    folds: int = option(1, doc="mirrored how many times", ge=1, le=3)

    def problems(self, shape):
        if shape[2] % 2:
            yield Problem("", f"even takes even widths, and this is {shape[2]}")

    def apply(self, x):
        return x.flip(-1)

    def invert(self, x):
        return x.flip(-1)


def test_each_size_is_a_case_or_a_refusal():
    accepted, refused = cases([Even(), Even(folds=3)], SIZES)
    assert [case.where for case in accepted] == [
        "3x8x8", "4x8x8", "3x16x16", "3x8x8 folds=3", "4x8x8 folds=3", "3x16x16 folds=3",
    ]  # fmt: skip
    assert refused == ["even takes even widths, and this is 7"] * 2
    assert [case.instance.folds for case in accepted] == [1] * 3 + [3] * 3


def test_equal_instances_are_one_case_and_none_are_none():
    assert len(cases([Even(), Even(folds=1)], SIZES[:1])[0]) == 1
    assert cases([], SIZES) == ([], [])
    assert cases([Even()], []) == ([], [])


def test_laws_are_made_when_they_are_asked_for_and_hold():
    [case] = cases([Even()], SIZES[:1])[0]
    assert {law.name: law.measure() for law in case.laws()}["undoes"] < 1e-6


def test_a_guidance_has_three_sizes_and_other_roles_all():
    assert len(cases([make("guidance", "cfg")], SIZES)[0]) == 3
    assert len(cases([make("clip", "static")], SIZES)[0]) == len(SIZES)


class Stepping(Scheduler):
    """A scheduler that a test changes."""

    def plan(self, schedule):
        if schedule.steps == 1000 and self.kind == "no-tables":
            raise RecipeError("it takes no tables")
        return make("scheduler", "ddim", steps=3).plan(schedule)

    def step(self, denoise, x, here, there, state, noise, jumped):
        raise NotImplementedError


@attrs.frozen(kw_only=True)
class Slow(Stepping):
    """Says an order."""

    kind = "slow"
    order: ClassVar[int] = 1
    steps: int = option(250, doc="number of steps", ge=1, le=1000)


@attrs.frozen(kw_only=True)
class Foreign(Stepping):
    """For a process that no model has."""

    kind = "foreign"
    processes: ClassVar[frozenset[str]] = frozenset({"nowhere"})


def names(case):
    return [law.name for law in case.laws()]


def test_a_scheduler_is_followed_for_few_steps_on_every_schedule_and_its_order_is_measured_once():
    accepted, refused = cases([Slow(), Slow(steps=999)], SIZES)
    assert refused == []
    assert [case.where.split()[0] for case in accepted] == ["vp", "cosine", "ve", "flow"], "two lengths are one case"
    assert {case.instance.steps for case in accepted} == {STEPS}
    assert [any("order" in name for name in names(case)) for case in accepted] == [True, False, False, False]


class Noisy(Slow):
    """Draws noise at every step, of which an order can't be measured."""

    kind, stochastic = "noisy", True


def test_of_a_scheduler_that_draws_noise_no_order_is_measured():
    accepted, _ = cases([Noisy()], SIZES)
    assert accepted
    assert not [name for case in accepted for name in names(case) if "order" in name]


def test_a_schedule_that_a_scheduler_refuses_is_told():
    class Odd(Slow):
        kind = "no-tables"

    accepted, refused = cases([Odd()], SIZES)
    assert refused == ["it takes no tables"] * (4 - len(accepted))
    assert len(refused) >= 2, "the tables of DDPM and of the cosine have 1000 times"


def test_a_scheduler_of_a_process_that_no_model_has_says_so():
    accepted, refused = cases([Foreign()], SIZES)
    assert accepted == []
    assert refused == ["it is for nowhere noise, and no model of that which needs no option is installed"]


def test_a_model_is_one_case_at_its_own_size():
    [case] = cases([Exact(size=4, levels="flow")], SIZES)[0]
    assert case.where == "3x4x4 size=4 levels=flow"
    assert names(case)[0] == "loads-what-it-says"


@pytest.mark.parametrize(
    "role", ["view", "decomposition", "operator", "clip", "guidance", "loss", "constraint", "scheduler"]
)
def test_every_role_that_needs_no_weights_has_cases_of_what_is_installed(role):
    kinds = load_plugins().kinds(role).values()
    instances = [variants(kind)[0] for kind in kinds if variants(kind)]
    found = [case.instance.kind for case in cases(instances, [(3, 32, 32), (3, 64, 32)])[0]]
    assert set(found) == {instance.kind for instance in instances}


def test_options_are_told_where_they_are_not_as_they_come():
    assert module.options(Even()) == ""
    assert module.where(Even(folds=2), (1, 2, 3)) == "1x2x3 folds=2"
