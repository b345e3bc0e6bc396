"""TMPD: exact where pixels are apart and the operator sees one at a time, or a mean of some."""

import pytest
import torch

from exact_posterior import APART, CORRELATED, SCHEDULE, SHAPE, exact, pulled
from superpose import make
from superpose_constraints.mmps import Matched
from superpose_constraints.tmpd import Projected

OPERATORS = {
    "block-average": make("operator", "block-average", factor=2),
    "random-mask": make("operator", "random-mask", share=0.5),
    "grey": make("operator", "grey", weights=(0.5, 0.3, 0.2)),
}


def observed(operator):
    y = torch.randn(1, *operator.observed_shape, generator=torch.Generator().manual_seed(1))
    return operator.within(y)


@pytest.mark.parametrize("t", [50, 400, 800])
@pytest.mark.parametrize("kind", OPERATORS)
def test_of_pixels_that_are_apart_it_is_the_exact_posterior(kind, t):
    operator, level = OPERATORS[kind].bound_to(SHAPE), SCHEDULE.level(0, t)
    y = observed(operator)
    got = pulled(Projected(operator=operator, observed=y, noise=0.2), APART, level)
    torch.testing.assert_close(got, exact(APART, level, operator, y, 0.2), atol=2e-4, rtol=0)


def test_of_one_number_it_is_mmps():
    """Then the sum of a row is the whole of it, however pixels differ together."""
    operator = make("operator", "chain", operators=(OPERATORS["grey"], OPERATORS["block-average"])).bound_to(SHAPE)
    y, level = torch.tensor([[[[0.7]]]]), SCHEDULE.level(0, 300)
    one, other = (rule(operator=operator, observed=y, noise=0.3) for rule in (Projected, Matched))
    torch.testing.assert_close(pulled(one, CORRELATED, level), pulled(other, CORRELATED, level), atol=1e-5, rtol=0)
