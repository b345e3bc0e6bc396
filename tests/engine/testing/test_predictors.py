"""Predictors without weights: the exact one is Bayes' rule, and the random one is a function of its seed."""

import math
from itertools import pairwise

import pytest
import torch

from superpose import NoiseLevel, TableSchedule, prompted
from superpose.testing.predictors import GaussianPredictor, TinyPredictor

LEVEL = NoiseLevel(0, 500.0, 0.6, 0.8)
MEANS = {"high": 0.5, "low": -0.25}


def states(rows=3, seed=0):
    return torch.randn(rows, 3, 8, 8, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("parameterization", ["epsilon", "sample", "v"])
@pytest.mark.parametrize("prompt", ["high", "low", "unheard of"])
def test_the_exact_predictor_is_bayes_rule_by_quadrature(prompt, parameterization):
    """The mean of the clean image given a noisy value, by numerical integration of likelihood times prior."""
    predictor = GaussianPredictor(std=0.3, means=MEANS, parameterization=parameterization)
    x = states(1)
    got = prompted(predictor, prompt)(x, LEVEL).clean[0, 0, 0]
    clean = torch.linspace(-4, 4, 4001, dtype=torch.float64)
    prior = -((clean - MEANS.get(prompt, 0.0)) ** 2) / (2 * 0.3**2)
    seen = x[0, 0, 0].double()[:, None]
    weights = (prior - (seen - LEVEL.alpha * clean) ** 2 / (2 * LEVEL.sigma**2)).softmax(1)
    torch.testing.assert_close(got.double(), (weights * clean).sum(1), atol=1e-5, rtol=0)


def test_the_flow_solves_its_differential_equation():
    r"""The end of small Euler steps of the probability flow, :math:`dx = \epsilon\, d\sigma` at alpha 1."""
    predictor = GaussianPredictor(std=0.3, means=MEANS)
    x = states(1).double() * 2
    sigmas = torch.linspace(2.0, 0.5, 601, dtype=torch.float64).tolist()
    levels = [NoiseLevel(i, float(i), 1.0, sigma) for i, sigma in enumerate(sigmas)]
    end = x
    row = predictor.condition("high").tensors
    for here, there in pairwise(levels):
        end = end + predictor.predict(end, here, row).output * (there.sigma - here.sigma)
    torch.testing.assert_close(predictor.flow(x, levels[0], levels[-1], "high"), end, atol=1e-2, rtol=0)


def test_the_flow_there_and_back_is_no_move_and_keeps_the_distribution():
    predictor = GaussianPredictor(std=0.3, means=MEANS)
    here, there = (predictor.schedule.level(0, t) for t in (900.0, 100.0))
    x = states()
    torch.testing.assert_close(predictor.flow(predictor.flow(x, here, there, "low"), there, here, "low"), x)
    spread = [math.sqrt((level.alpha * 0.3) ** 2 + level.sigma**2) for level in (here, there)]
    unit = (x - here.alpha * MEANS["low"]) / spread[0]
    moved = predictor.flow(x, here, there, "low")
    torch.testing.assert_close((moved - there.alpha * MEANS["low"]) / spread[1], unit)


def test_the_random_network_is_that_of_its_seed_whatever_was_drawn_before():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    one = TinyPredictor(seed=3)
    assert torch.equal(torch.get_rng_state(), before), "nobody's random numbers are changed by it"
    torch.manual_seed(6)
    again, other = TinyPredictor(seed=3), TinyPredictor(seed=4)
    x = states()
    answers = [it.predict(x, LEVEL, it.condition("cat").tensors).output for it in (one, again, other)]
    assert torch.equal(answers[0], answers[1])
    assert not torch.allclose(answers[0], answers[2], atol=1e-2)


def test_the_random_network_hears_prompts_and_levels_and_counts_its_rows():
    network = TinyPredictor((1, 5, 7), parameterization="v")
    assert (network.schedule, network.parameterization) == (TableSchedule.named("linear"), "v")
    x = states()[:2, :1, :5, :7]
    cat, dog = (network.condition(prompt).tensors for prompt in ("cat", "dog"))
    late = NoiseLevel(0, 10.0, 0.8, 0.6)
    answers = [network.predict(x, *about).output for about in ((LEVEL, cat), (LEVEL, dog), (late, cat))]
    assert answers[0].shape == x.shape
    assert not torch.allclose(answers[0], answers[1], atol=1e-3)
    assert not torch.allclose(answers[0], answers[2], atol=1e-3)
    network.predict(x[:1], LEVEL, cat)
    assert network.blocks == [2, 2, 2, 1]
