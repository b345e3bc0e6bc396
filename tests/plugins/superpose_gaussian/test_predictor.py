"""The exact predictor in whole runs: samples have the distribution that it says."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from superpose import PromptError, TableSchedule, make, prompted, sample, trajectory
from superpose.testing import check_predictor
from superpose_gaussian.normal import Mixture, Normal
from superpose_gaussian.predictor import ExactPredictor

SHAPE = (3, 4, 4)
VARIANCES = torch.tensor([1.5, 0.4], dtype=torch.float64)
REST = 0.02


def predictor() -> ExactPredictor:
    """Two distributions far apart: "high" and "low"."""
    generator = torch.Generator().manual_seed(0)
    components = torch.linalg.qr(torch.randn(48, 2, generator=generator, dtype=torch.float64)).Q.T
    high, low = (
        Normal(torch.full((48,), mean, dtype=torch.float64), components, VARIANCES, torch.tensor(REST).double())
        for mean in (0.8, -0.8)
    )
    images = Mixture((high, low), torch.tensor([0.75, 0.25]).double())
    return ExactPredictor(images, ("high", "low"), SHAPE, TableSchedule.named("cosine"), "cpu")


def test_laws() -> None:
    check_predictor(predictor(), ["high", "", "low"])


def test_a_prompt_that_names_no_distribution_is_told_with_those_there_are() -> None:
    with pytest.raises(PromptError, match="unknown prompt 'middle'; known: 'high', 'low'"):
        predictor().condition("middle")


def gain(variance: float, steps: int) -> float:
    """Factor by which DDIM takes noise to an image, along a direction of that variance: each step is linear."""
    plan = make("scheduler", "ddim", steps=steps).plan(TableSchedule.named("cosine"))
    total = 1.0
    for here, there in pairwise(plan.levels):
        seen = here.alpha**2 * variance + here.sigma**2
        total *= (there.alpha * here.alpha * variance + there.sigma * here.sigma) / seen
    return total


@pytest.mark.parametrize("steps", [5, 50])
def test_a_run_is_the_linear_map_that_it_must_be(steps: int) -> None:
    network = predictor()
    run = trajectory(prompted(network, "high"), make("scheduler", "ddim", steps=steps), network, samples=4)
    start = run.start().x.flatten(1).double() - run.plan.levels[0].alpha * 0.8
    images = run.run()
    components = network.images.normals[0].components
    inside = start @ components.T
    gains = torch.tensor([gain(float(one), steps) for one in VARIANCES]).double()
    want = 0.8 + (inside * gains) @ components + gain(REST, steps) * (start - inside @ components)
    torch.testing.assert_close(images.flatten(1).double(), want, rtol=0, atol=2e-4)


@pytest.mark.parametrize("variance", [1.5, 0.4, 0.02])
def test_the_map_tends_to_the_distribution(variance: float) -> None:
    few, many = (abs(gain(variance, steps) ** 2 / variance - 1) for steps in (50, 500))
    assert many < few / 4
    assert many < 0.03


def test_samples_of_no_prompt_have_its_shares() -> None:
    network = predictor()
    images = sample(prompted(network, ""), make("scheduler", "ddim", steps=30), network, samples=400, seed=0)
    high = (images.mean((1, 2, 3)) > 0).double().mean()
    assert float(high) == pytest.approx(0.75, abs=0.09)  # four deviations of 400 draws


def test_likelihood_is_of_the_mixture() -> None:
    network = predictor()
    x = torch.stack([torch.full(SHAPE, value) for value in (0.8, -0.8, 0.0)])
    high, low, between = network.log_likelihood(x).tolist()
    assert high - low == pytest.approx(torch.log(torch.tensor(3.0)).item(), abs=1e-6)
    assert between < low
