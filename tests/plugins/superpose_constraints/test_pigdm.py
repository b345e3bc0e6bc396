"""PiGDM: exact where images differ in every direction alike, by the deviation that it is told."""

import pytest
import torch

from exact_posterior import APART, CORRELATED, SCHEDULE, SHAPE, exact, pulled, told
from observing import matrix_of
from superpose import RecipeError, make
from superpose_constraints.pigdm import LEAST, Guided, length

OPERATORS = {
    "block-average": make("operator", "block-average", factor=2),
    "random-mask": make("operator", "random-mask", share=0.5),
    "colour-matrix": make("operator", "colour-matrix", rows=((1.0, 2.0, 0.5), (0.0, -1.0, 1.0))),
}


def rule_of(kind, **options):
    operator = OPERATORS[kind].bound_to(SHAPE)
    y = operator.within(torch.randn(1, *operator.observed_shape, generator=torch.Generator().manual_seed(1)))
    return Guided(**{"operator": operator, "observed": y, "noise": 0.2, "deviation": 0.5, **options})


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


@pytest.mark.parametrize("t", [50, 400, 800])
@pytest.mark.parametrize("kind", ["block-average", "random-mask"])
def test_matched_finds_the_deviation_by_itself(kind, t):
    """Where all that is seen differs alike, one length is the exact one, whatever deviation was told."""
    level = SCHEDULE.level(0, t)
    score, matched = (rule_of(kind, form=form, deviation=2.0) for form in ("score", "matched"))
    want = exact(APART, level, matched.operator, matched.observed, 0.2)
    torch.testing.assert_close(pulled(matched, APART, level), want, atol=2e-4, rtol=0)
    assert t == 50 or float((pulled(score, APART, level) - want).abs().max()) > 0.02


@pytest.mark.parametrize("kind", OPERATORS)
def test_matched_goes_as_far_as_solves_the_equations_of_the_exact_posterior_best(kind):
    """The length of one step of conjugate gradients along PiGDM's own way, from the exact covariance."""
    rule, level = rule_of(kind, form="matched"), SCHEDULE.level(0, 400)
    matrix, noise = torch.from_numpy(matrix_of(rule.operator)), rule.noise**2
    images = CORRELATED.covariance()
    marginal = level.alpha**2 * images + level.sigma**2 * torch.eye(12)
    covariance = level.sigma**2 * images @ torch.linalg.inv(marginal)
    clean = told(rule, CORRELATED, level).clean
    residual = (rule.observed - rule.operator.apply(clean)).flatten(1).double()
    spread = rule.deviation**2 * level.ratio**2 / (rule.deviation**2 + level.ratio**2)
    way = torch.linalg.solve(spread * matrix @ matrix.T + noise * torch.eye(len(matrix)), residual.T).T
    seen = way @ (matrix @ covariance @ matrix.T + noise * torch.eye(len(matrix)))
    far = (residual * way).sum(1) / (way * seen).sum(1)
    want = clean + (far[:, None] * way @ matrix @ covariance).view_as(clean).float()
    torch.testing.assert_close(pulled(rule, CORRELATED, level), want, atol=2e-4, rtol=0)


def test_matched_without_noise_explains_what_was_observed():
    rule, level = rule_of("block-average", form="matched", noise=0.0, deviation=2.0), SCHEDULE.level(0, 400)
    got = rule.operator.apply(pulled(rule, APART, level))
    torch.testing.assert_close(got, rule.observed.expand_as(got), atol=1e-4, rtol=0)


def test_matched_pulls_at_most_a_hundred_times_as_far_as_the_score():
    """Also where a network says that there is no way, or less; and nowhere where all is explained."""
    one = torch.ones(2, 1, 1, 1)
    share = torch.tensor([0.0, -3.0]).view(2, 1, 1, 1)
    torch.testing.assert_close(length(one, one, share, 0.0), one / LEAST)
    assert length(one * 0, one * 0, share * 0, one * 0).tolist() == (one * 0).tolist()


@pytest.mark.parametrize("t", [50, 400, 800])
@pytest.mark.parametrize("noise", [0.2, 0.0])
@pytest.mark.parametrize("kind", OPERATORS)
def test_matched_with_iterations_is_exact(kind, noise, t):
    """Of as many as there are directions, conjugate gradients solve the equations of the exact posterior."""
    rule, level = rule_of(kind, iterations=12, noise=noise), SCHEDULE.level(0, t)
    want = exact(CORRELATED, level, rule.operator, rule.observed, noise or 1e-4)
    torch.testing.assert_close(pulled(rule, CORRELATED, level), want, atol=3e-3, rtol=0)


def test_iterations_are_of_what_is_matched():
    with pytest.raises(RecipeError, match="iterations are of form = \"matched\", and the form is 'paper'"):
        make("constraint", "pigdm", operator=OPERATORS["block-average"], observed="y.png", form="paper", iterations=2)
