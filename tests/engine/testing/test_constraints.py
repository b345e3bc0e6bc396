"""The laws of constraints have teeth: what breaks one is caught, with the figure."""

import attrs
import pytest
import torch

from superpose import Canvas, Constraint, Edit, LawError, Rule
from superpose.testing import check_constraint


@attrs.frozen(kw_only=True)
class Chosen(Constraint, Rule):
    """Hooks that a test chooses."""

    kind = "rule"
    edit: object = None
    levels: object = None

    def bind(self, canvas):
        return self

    def plan(self, plan):
        return self.levels(plan) if self.levels else plan

    def before(self, x, here, noise):
        return Edit(self.edit(x, noise)) if self.edit else Edit(x)


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (Chosen(edit=lambda x, noise: x.add_(1)), r"before writes to its argument \(by up to 1\)"),
        (Chosen(edit=lambda x, noise: x[:, :1]), r"before makes \(3, 1, 8, 8\), torch.float32 of \(3, 3, 8, 8\)"),
        (
            Chosen(edit=lambda x, noise: x + torch.rand(1)),
            r"before differs by 0\.\d+ the second time; take randomness from",
        ),
        (Chosen(edit=lambda x, noise: x - x.mean(0)), r"before of one sample changes by \d"),
        (Chosen(levels=lambda plan: attrs.evolve(plan, levels=plan.levels[:1])), "leaves the plan no step"),
        (Chosen(levels=lambda plan: type(plan).of(plan.levels[:-1])), "its plan ends at NoiseLevel"),
        (
            Chosen(levels=lambda plan: attrs.evolve(plan, levels=plan.levels[2:])),
            r"levels have the places \[2, 3, 4, 5, 6\]",
        ),
    ],
)
def test_what_is_no_constraint_is_caught(rule, says):
    with pytest.raises(LawError, match=says):
        check_constraint(rule, Canvas((3, 8, 8)))


def test_a_lawful_constraint_passes():
    check_constraint(Chosen(edit=lambda x, noise: x + noise("own")), Canvas((3, 8, 8)))
