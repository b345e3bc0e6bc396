"""Semantic codes drawn at random: a diffusion process of vectors, sampled by the engine's own loop."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from superpose import (
    Clip,
    Clipped,
    Condition,
    Moment,
    NoisePredictor,
    Prediction,
    Prompted,
    Schedule,
    Scheduler,
    StepNoise,
    Trajectory,
)
from superpose_diffae.networks import LatentNet


class LatentPredictor(NoisePredictor):
    """Noise in codes: samples of shape (E, 1, 1).

    Arguments:
        network: The latent network.
        code: E.
        schedule: Noise levels it was trained on.
        clip: How clean codes are kept in range; None to leave them, as all public models do.
        device: Where it runs.
    """

    parameterization = "epsilon"

    def __init__(
        self, network: LatentNet, code: int, schedule: Schedule, clip: Clip | None, device: torch.device
    ) -> None:
        self.network, self.schedule, self.clip, self.device = network, schedule, clip, device
        self.shape = code, 1, 1

    def condition(self, prompt: str) -> Condition:
        """There is nothing to tell it."""
        return Condition(prompt)

    def predict(self, x: Tensor, moment: Moment, given: Mapping[str, Tensor]) -> Prediction:
        """One forward pass."""
        del given
        noise = self.network(x.flatten(1), torch.full((1,), moment.t, device=self.device))
        return Prediction(noise.view_as(x))

    def sample(self, scheduler: Scheduler, noise: StepNoise) -> Tensor:
        """Codes, shape (N, E), normed as those it was trained on.

        Arguments:
            scheduler: How to draw them.
            noise: Unit normal noise of N samples of any shape.
        """
        denoiser = Prompted(self, self.condition(""))
        plan = scheduler.plan(self.schedule)
        source = _Codes(noise, self.shape[0])
        kept = Clipped(denoiser, self.clip) if self.clip else denoiser
        return Trajectory(kept, scheduler, plan, source).run().flatten(1)


class _Codes:
    """Noise for vectors, cut from noise for images, so that it is the sample's own in every batch."""

    def __init__(self, noise: StepNoise, width: int) -> None:
        self._noise, self._width = noise, width

    def draw(self, step: int, purpose: str = "step") -> Tensor:
        drawn = self._noise(f"code:{step}:{purpose}").flatten(1)
        while drawn.shape[1] < self._width:
            more = self._noise(f"code:{step}:{purpose}:{drawn.shape[1]}").flatten(1)
            drawn = torch.cat((drawn, more), dim=1)
        return drawn[:, : self._width, None, None].contiguous()
