r"""Predictors that need no weights: one whose every answer has a closed form, and one that behaves like a network."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from superpose.estimate.attention import Site, attend, left_out, untapped, visit
from superpose.estimate.prediction import Parameterization, Prediction, output_from
from superpose.estimate.predictor import Condition, NoisePredictor
from superpose.levels.noise_level import NoiseLevel, Schedule
from superpose.levels.table import TableSchedule

#: Words that `AttentivePredictor` is told of a prompt, and the places that look at them.
WORDS, GRID = 4, (4, 4)
_MIDDLE = Site("middle", "block"), Site("middle.attn1", "self"), Site("middle.attn2", "cross")


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


class AttentivePredictor(TinyPredictor):
    """The same with attention, where taps can be: 4x4 places look at each other and at the words of the prompt."""

    def __init__(
        self,
        shape: tuple[int, int, int] = (3, 8, 8),
        schedule: Schedule | None = None,
        parameterization: Parameterization = "epsilon",
        seed: int = 0,
    ) -> None:
        super().__init__(shape, schedule, parameterization, seed)
        self.sites = _MIDDLE

    def condition(self, prompt: str) -> Condition:
        """Numbers made from the prompt and from each of its four words, as rows; empty words fill it up."""
        words = (*prompt.split(), *[""] * WORDS)[:WORDS]
        told = torch.stack([_numbers(word) for word in words])[None]
        return Condition(prompt, {**super().condition(prompt).tensors, "words": told})

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Prediction:
        """One forward pass."""
        self.blocks.append(len(x))
        hidden = torch.tanh(self.into(x) + conditioning["bias"] + level.log_snr / 8)
        return Prediction(self.out(hidden + self._middle(hidden, conditioning["words"])) + 0.1 * x)

    def _middle(self, hidden: Tensor, words: Tensor) -> Tensor:
        """Answer of places that look at each other and at the words, shaped as ``hidden``; 0 where it is left out."""
        block, to_places, to_words = _MIDDLE
        if left_out(block):
            return torch.zeros_like(hidden)
        seen = nn.functional.adaptive_avg_pool2d(hidden, GRID)
        places, told = _heads(seen.flatten(2).transpose(1, 2)), _heads(words)
        places = places + attend(to_places, places, places, places, _softmax, grid=GRID)
        places = places + attend(to_words, places, told, told, _softmax, grid=GRID)
        said = places.transpose(1, 2).flatten(2).transpose(1, 2).reshape(seen.shape)
        return nn.functional.interpolate(said, hidden.shape[2:])


class DeafPredictor(AttentivePredictor):
    """The same, on which taps have no effect: they are where attention is, and it is what it would be without them."""

    def _middle(self, hidden: Tensor, words: Tensor) -> Tensor:
        visit(self.sites)
        with untapped():
            same: Tensor = super()._middle(hidden, words)
        return same


def _numbers(text: str) -> Tensor:
    """Eight numbers in [-1, 1] made from a text."""
    return torch.tensor([byte / 128 - 1 for byte in hashlib.sha256(text.encode()).digest()[:8]])


def _heads(features: Tensor) -> Tensor:
    """(N, L, 8) to (N, 2, L, 4)."""
    apart: Tensor = features.unflatten(-1, (2, 4)).transpose(1, 2)
    return apart


def _softmax(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    """Attention without a matrix product, whose bits may depend on how many rows there are."""
    del mask
    weights = ((q[..., :, None, :] * k[..., None, :, :]).sum(-1) / math.sqrt(q.shape[-1])).softmax(-1)
    answer: Tensor = (weights[..., None] * v[..., None, :, :]).sum(-2)
    return answer
