"""The upscaler as a noise predictor: it paints large glyphs over small ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from superpose import Beside, Clip, Condition, Moment, NoisePredictor, Prediction, RecipeError, Schedule, StepNoise
from superpose.nn import load_unet2d
from superpose_glyphs.predictor import see

#: Highest noise level of a small image in training.
HIGHEST = 400


def enlarged(low: Tensor) -> Tensor:
    """Images (N, 3, h, w) at twice the sides."""
    return nn.functional.interpolate(low, scale_factor=2, mode="bilinear", align_corners=False)


class UpscalePredictor(NoisePredictor):
    """A U-Net that predicts v and a variance beside the small image; prompts say nothing to it.

    Arguments:
        folder: ``config.json`` and the weights, in the layout of ``UNet2DModel``.
        schedule: Noise levels it was trained on.
        clip: How its clean image is kept in range.
        noise_level: Of the small image.
        device: Where it runs.
        dtype: What it computes in.
    """

    parameterization = "v"
    learned_variance = "learned_range"
    shape = 3, 64, 64

    def __init__(
        self, folder: Path, schedule: Schedule, clip: Clip | None, noise_level: int, device: str, dtype: str
    ) -> None:
        self.dtype: torch.dtype = getattr(torch, dtype)
        self.device = torch.device(device)
        self.network = load_unet2d(folder, device=self.device, dtype=self.dtype)
        self.schedule, self.clip, self.noise_level = schedule, clip, noise_level

    def condition(self, prompt: str) -> Condition:
        """Nothing: the small image shows what the large one will."""
        return Condition(prompt)

    def beside(self, low: Tensor | None, noise: StepNoise) -> Beside:
        """The small images, enlarged and noised, and how noisy they are.

        Raises:
            RecipeError: There are none, or they have another size.
        """
        small = (3, *(side // 2 for side in self.shape[1:]))
        if low is None or low.shape[1:] != small:
            found = "none" if low is None else tuple(low.shape[1:])
            raise RecipeError(f"this upscaler paints over images of {small}, found {found}: put it after such a stage")
        alpha, sigma = self.schedule.at(self.noise_level)
        large = enlarged(low.to(self.device, torch.float32)).mul_(alpha).add_(noise("low"), alpha=sigma)
        return Beside(large, {"level": torch.full((len(low),), self.noise_level, device=self.device)})

    def predict(self, x: Tensor, moment: Moment, given: Mapping[str, Tensor]) -> Prediction:
        """One forward pass."""
        t = torch.full((), moment.t, device=self.device)
        output, place = see(self.network, x.to(self.dtype), t, given["level"]).chunk(2, dim=1)
        return Prediction(output, place)
