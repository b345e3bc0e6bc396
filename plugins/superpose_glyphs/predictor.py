"""The pixel model as a noise predictor."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from superpose import Clip, Condition, NoiseLevel, NoisePredictor, Prediction, PromptError, Schedule
from superpose_glyphs.unshuffled import see
from superpose_glyphs.vocabulary import class_of
from superpose_networks import load_unet2d


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

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Prediction:
        """One forward pass."""
        t = torch.full((), level.t, device=self.device)
        return Prediction(see(self.network, x.to(self.dtype), t, conditioning["label"]))
