"""PiGDM: exact where images differ in every direction alike, by the deviation that it is told."""

import pytest
import torch

from exact_posterior import APART, SCHEDULE, SHAPE, exact, pulled, told
from superpose import make
from superpose_constraints.pigdm import Guided

OPERATORS = {
    "block-average": make("operator", "block-average", factor=2),
    "random-mask": make("operator", "random-mask", share=0.5),
    "colour-matrix": make("operator", "colour-matrix", rows=((1.0, 2.0, 0.5), (0.0, -1.0, 1.0))),
}


def rule_of(kind, **options):
    operator = OPERATORS[kind].bound_to(SHAPE)
    y = operator.within(torch.randn(1, *operator.observed_shape, generator=torch.Generator().manual_seed(1)))
    return Guided(operator=operator, observed=y, noise=0.2, deviation=0.5, **options)


@pytest.mark.parametrize("t", [50, 400, 800])
@pytest.mark.parametrize("kind", OPERATORS)
def test_the_score_is_that_of_the_exact_posterior(kind, t):
    rule, level = rule_of(kind, form="score"), SCHEDULE.level(0, t)
    want = exact(APART, level, rule.operator, rule.observed, 0.2)
    torch.testing.assert_close(pulled(rule, APART, level), want, atol=2e-4, rtol=0)


@pytest.mark.parametrize("t", [50, 400, 800])
def test_the_paper_moves_the_state_by_the_same_gradient(t):
    """By a r^2 times that of which the score moves the clean image by s^2 / a times; it leaves the clean image."""
    level = SCHEDULE.level(0, t)
    paper, score = (told(rule_of("block-average", form=form), APART, level) for form in ("paper", "score"))
    assert torch.equal(paper.clean, score.clean)
    assert paper.guidance_gradient is None
    assert score.displacement is None
    ratio = (level.sigma / level.alpha) ** 2
    spread = 0.25 * ratio / (0.25 + ratio)
    torch.testing.assert_close(paper.displacement, level.alpha * spread * score.guidance_gradient, rtol=1e-5, atol=1e-7)


def test_without_noise_what_was_observed_is_explained():
    """Of images that differ alike the exact answer lies on what was observed."""
    operator = OPERATORS["block-average"].bound_to(SHAPE)
    y, level = torch.tensor([0.3, -0.8, 0.5]).view(1, 3, 1, 1), SCHEDULE.level(0, 400)
    got = pulled(Guided(operator=operator, observed=y, deviation=0.5, form="score"), APART, level)
    torch.testing.assert_close(operator.apply(got), y.expand(2, 3, 1, 1), atol=1e-5, rtol=0)
