r"""Predictors that need no weights: one whose every answer has a closed form, and one that behaves like a network."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from superpose.estimate.prediction import Parameterization, Prediction, output_from
from superpose.estimate.predictor import Condition, NoisePredictor
from superpose.levels.noise_level import NoiseLevel, Schedule
from superpose.levels.table import TableSchedule


class GaussianPredictor(NoisePredictor):
    r"""The exact predictor of images distributed as :math:`N(\mu_p, s^2)`, where the mean depends on the prompt.

    .. math:: E[x_0 | x_t] = \mu + \frac{\alpha s^2}{\alpha^2 s^2 + \sigma^2} (x_t - \alpha \mu)

    Arguments:
        shape: (C, H, W) of one sample.
        std: s.
        means: The mean of each prompt; a prompt that is not there has mean 0.
        schedule: Noise levels; DDPM's linear ones when not given.
        parameterization: What it answers in.
    """

    def __init__(
        self,
        shape: tuple[int, int, int] = (3, 8, 8),
        std: float = 0.5,
        means: Mapping[str, float] | None = None,
        schedule: Schedule | None = None,
        parameterization: Parameterization = "epsilon",
    ) -> None:
        self.shape, self.std, self.means = shape, std, dict(means or {})
        self.schedule = schedule or TableSchedule.named("linear")
        self.parameterization = parameterization
        self.device = torch.device("cpu")

    def condition(self, prompt: str) -> Condition:
        """The prompt's mean, as a row."""
        return Condition(prompt, {"mean": torch.full((1, 1, 1, 1), self.means.get(prompt, 0.0))})

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Prediction:
        """The exact answer, in the parameterization asked for."""
        mean, variance = conditioning["mean"], self.std**2
        gain = level.alpha * variance / (level.alpha**2 * variance + level.sigma**2)
        clean = mean + gain * (x - level.alpha * mean)
        return Prediction(output_from(self.parameterization, clean, x, level))

    def flow(self, x: Tensor, here: NoiseLevel, there: NoiseLevel, prompt: str = "") -> Tensor:
        """End of the probability flow of ``x`` from one level to another, in closed form."""
        mean, variance = self.means.get(prompt, 0.0), self.std**2
        before, after = (math.sqrt(level.alpha**2 * variance + level.sigma**2) for level in (here, there))
        return there.alpha * mean + after / before * (x - here.alpha * mean)


class TinyPredictor(NoisePredictor):
    """A small random convolutional network: nonlinear, prompt-dependent, rows independent; the same for equal seeds.

    Attributes:
        blocks: Rows of every forward pass made, in order.
    """

    def __init__(
        self,
        shape: tuple[int, int, int] = (3, 8, 8),
        schedule: Schedule | None = None,
        parameterization: Parameterization = "epsilon",
        seed: int = 0,
    ) -> None:
        self.shape, self.parameterization = shape, parameterization
        self.schedule = schedule or TableSchedule.named("linear")
        self.device = torch.device("cpu")
        self.blocks: list[int] = []
        channels, width = shape[0], 8
        with torch.random.fork_rng(devices=()):
            torch.manual_seed(seed)
            self.into = nn.Conv2d(channels, width, 3, padding=1).requires_grad_(False)
            self.out = nn.Conv2d(width, channels, 3, padding=1).requires_grad_(False)

    def condition(self, prompt: str) -> Condition:
        """A number made from the prompt, as a row."""
        digest = hashlib.sha256(prompt.encode()).digest()
        return Condition(prompt, {"bias": torch.full((1, 1, 1, 1), digest[0] / 128 - 1)})

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Prediction:
        """One forward pass."""
        self.blocks.append(len(x))
        hidden = self.into(x) + conditioning["bias"] + level.log_snr / 8
        return Prediction(self.out(torch.tanh(hidden)) + 0.1 * x)
