"""azula's posterior samplers, recorded on a mixture of normal distributions that is a formula."""

from __future__ import annotations

import math
from typing import Any

import torch

from recorded_posteriors import Case
from superpose import Condition, NoiseLevel, NoisePredictor, Plan, Prediction, TableSchedule
from superpose_operators.bound.dense import Dense

MIXTURE = Case("az_a_posterior_samplers")
SHAPE = (1, 1, 12)


class MixturePredictor(NoisePredictor):
    """The mean of clean rows of 12 numbers, as azula's denoiser says it, through which torch differentiates."""

    parameterization = "sample"
    shape = SHAPE
    schedule = TableSchedule.named("linear")
    device = torch.device("cpu")

    def condition(self, prompt: str) -> Condition:
        return Condition(prompt)

    def predict(self, x: torch.Tensor, level: NoiseLevel, conditioning: Any) -> Prediction:
        given, alpha, sigma = MIXTURE.given, level.alpha, level.sigma
        away = x.flatten(1)[:, None] - alpha * given["mu"]
        v = alpha**2 * given["var"] + sigma**2
        shares = (given["logw"] - 0.5 * (away.square() / v + v.log()).sum(-1)).softmax(1)
        clean = (shares[..., None] * (given["mu"] + alpha * given["var"] / v * away)).sum(1)
        return Prediction(clean.view(x.shape))


def matrix() -> Dense:
    """The operator of all runs."""
    return Dense(SHAPE, (1, 1, 5), MIXTURE.given["A"].double())


def at(run: dict[str, Any], t: float) -> tuple[float, float]:
    """Signal and noise of a time, as azula's schedules have them."""
    low, least = run.get("alpha_min", 1e-3), run.get("sigma_min", 1e-3)
    alpha = math.cos(t * math.acos(low)) if run["schedule"] == "cosine" else math.exp(t**2 * math.log(low))
    return alpha, math.sqrt(1 - alpha**2 + least**2)


def plan_of(run: dict[str, Any]) -> Plan:
    """The levels of a run."""
    times = [1 - i / run["T"] for i in range(run["T"] + 1)]
    return Plan.of([NoiseLevel(0, t, *at(run, t)) for t in times])
