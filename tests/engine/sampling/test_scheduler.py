"""The interface of schedulers: what holds where nothing is said, and linear combinations as new tensors."""

import attrs
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from superpose import Plan, Scheduler, combine

X = torch.randn(3, 1, 2, 4, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=3))
def test_a_combination_is_the_sum_and_a_tensor_of_its_own(coefficients):
    terms = list(zip(coefficients, X, strict=False))
    copies = X.clone()
    total = combine(*terms)
    torch.testing.assert_close(total, sum(coefficient * x for coefficient, x in terms))
    total.add_(1)
    assert torch.equal(X, copies)


@attrs.frozen(kw_only=True)
class Still(Scheduler):
    """Goes nowhere."""

    kind = "still"

    def plan(self, schedule):
        return Plan.of([schedule.level(0, 1.0), schedule.level(0, 0.0)])

    def step(self, denoise, x, here, there, state, noise, jumped):
        return x, state


def test_where_nothing_is_said_it_is_deterministic_and_remembers_nothing():
    still = Still()
    assert (still.stochastic, still.single_step, still.order) == (False, True, 0)
    assert (still.applies_gradient, still.renoises, still.memory, still.init()) == (False, False, None, None)
    assert list(still.problems("learned")) == []
    assert still.processes == {"gaussian"}


@pytest.mark.parametrize("missing", ["plan", "step"])
def test_what_must_be_written(missing):
    assert missing in Scheduler.__abstractmethods__
