"""Semantic codes drawn at random: a diffusion process of vectors, sampled by the engine's own loop."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import torch
from torch import Tensor

import superpose
from superpose import (
    Clip,
    Condition,
    NoiseLaw,
    NoiseLevel,
    NoisePredictor,
    Prediction,
    Schedule,
    Scheduler,
    StepNoise,
)
from superpose_networks.diffae import LatentNet


@attrs.define(eq=False)
class LatentPredictor(NoisePredictor):
    """Noise in codes: samples of ``shape`` (E, 1, 1), normed as the network was trained on."""

    network: LatentNet
    shape: tuple[int, int, int]
    schedule: Schedule
    clip: Clip | None
    device: torch.device
    parameterization = "epsilon"

    def condition(self, prompt: str) -> Condition:
        """There is nothing to tell."""
        return Condition(prompt)

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Prediction:
        """One forward pass."""
        del conditioning
        return Prediction(self.network(x.flatten(1), torch.full((1,), level.t, device=self.device)).view_as(x))

    def sample(self, scheduler: Scheduler, noise: StepNoise) -> Tensor:
        """Codes, shape (N, E), out of unit normal noise of N samples of any shape."""
        conditioned = superpose.prompted(self, "")
        denoiser = superpose.Clipped(conditioned, self.clip) if self.clip else conditioned
        source = _Cut(noise, self.shape[0])
        return superpose.Trajectory(denoiser, scheduler, scheduler.plan(self.schedule), source).run().flatten(1)


@attrs.frozen
class _Cut:
    """Noise for vectors, cut from noise for images, so that it is the sample's own in every batch."""

    noise: StepNoise
    width: int

    def draw(self, step: int, purpose: str = "step", law: NoiseLaw = "normal") -> Tensor:
        drawn = superpose.vector_noise(self.noise, self.width, f"code:{step}:{purpose}", law)
        return drawn[..., None, None].contiguous()
