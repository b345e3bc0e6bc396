"""Constraints: what one is that says nothing but the rule that it binds to."""

import re

import attrs
import pytest
import torch

from superpose import Canvas, Constraint, PluginError, Rule

CANVAS = Canvas((3, 8, 8))


@attrs.frozen(kw_only=True, eq=False)
class Bound(Constraint):
    """Binds to what a test chooses."""

    kind = "bound"
    rule: object = None

    def bind(self, canvas):
        return canvas if self.rule == "canvas" else self.rule


@attrs.frozen
class Own(Rule):
    """A rule that does nothing."""


def test_it_is_bound_to_its_rule():
    rule = Own()
    assert Bound(rule=rule).bound_to(CANVAS) is rule


@pytest.mark.parametrize(
    ("rule", "what"),
    [(None, "nothing"), (Own, "an abc.ABCMeta"), (torch.zeros(1), "a torch.Tensor"), ("canvas", "a superpose.Canvas")],
)
def test_what_is_no_rule_is_blamed_on_the_constraint(rule, what):
    with pytest.raises(
        PluginError, match=rf"^Bound\.bind, .* returns {re.escape(what)}, and must return a superpose\.Rule"
    ):
        Bound(rule=rule).bound_to(CANVAS)


def test_what_is_not_said_fits_any_canvas_needs_nothing_and_holds_at_the_first_stage_alone():
    constraint = Bound()
    assert tuple(constraint.problems(CANVAS)) == ()
    assert constraint.scaled(2.0) is None
    assert constraint.needs == frozenset()
    assert constraint.processes == {"gaussian"}


def test_it_must_say_its_rule():
    with pytest.raises(TypeError, match="bind"):
        type("Nothing", (Constraint,), {})()
