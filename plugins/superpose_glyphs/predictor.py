"""The pixel model as a noise predictor."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from superpose import Clip, Condition, Moment, NoisePredictor, Prediction, PromptError, Schedule
from superpose.nn import UNet2D, load_unet2d
from superpose_glyphs.vocabulary import class_of


class GlyphPredictor(NoisePredictor):
    """A class-conditional U-Net that predicts v.

    Arguments:
        folder: ``config.json`` and the weights, in the layout of ``UNet2DModel``.
        prompts: What its class table knows, in order.
        schedule: Noise levels it was trained on.
        clip: How its clean image is kept in range.
        device: Where it runs.
        dtype: What it computes in.
    """

    parameterization = "v"

    def __init__(
        self, folder: Path, prompts: tuple[str, ...], schedule: Schedule, clip: Clip | None, device: str, dtype: str
    ) -> None:
        self.dtype: torch.dtype = getattr(torch, dtype)
        self.device = torch.device(device)
        self.network = load_unet2d(folder, device=self.device, dtype=self.dtype)
        config = self.network.config
        side = config.sample_size * math.isqrt(config.in_channels // 3)
        self.shape = 3, side, side
        self.prompts, self.schedule, self.clip = prompts, schedule, clip

    def condition(self, prompt: str) -> Condition:
        """The prompt's row of the class table."""
        try:
            row = class_of(prompt, self.prompts)
        except ValueError as error:
            raise PromptError(str(error)) from error
        return Condition(prompt, {"label": torch.tensor([row], device=self.device)})

    def predict(self, x: Tensor, moment: Moment, given: Mapping[str, Tensor]) -> Prediction:
        """One forward pass."""
        t = torch.full((), moment.t, device=self.device)
        return Prediction(see(self.network, x.to(self.dtype), t, given["label"]))


def see(network: UNet2D, x: Tensor, t: Tensor, labels: Tensor) -> Tensor:
    """What a network says of images (N, C, H, W): squares of pixels become as many channels as it reads, and back."""
    side = math.isqrt(network.config.in_channels // x.shape[1])
    seen: Tensor = nn.functional.pixel_shuffle(network(nn.functional.pixel_unshuffle(x, side), t, labels), side)
    return seen
