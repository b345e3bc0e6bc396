"""A model of guided-diffusion as a noise predictor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from superpose import Condition, Conditioning, NoiseLevel, NoisePredictor, Prediction, StepNoise, class_of
from superpose_adm.network import load_adm

if TYPE_CHECKING:
    from superpose_adm.model import GuidedFile


class GuidedPredictor(NoisePredictor):
    """The network in a file of guided-diffusion, with its learned range of variances where it has one.

    Arguments:
        model: What the recipe says of it.
        device: Where it runs.
        dtype: What it computes in.
    """

    def __init__(self, model: GuidedFile, device: str, dtype: str) -> None:
        self.model, self.shape, self.schedule, self.clip = model, model.shape, model.schedule, model.clip
        self.parameterization = model.predicts
        self.device, self.dtype = torch.device(device), getattr(torch, dtype)
        self.learned_variance = model.learned_variance
        self.network = load_adm(model.path, model.layout, model.head_layout, device, self.dtype)

    def condition(self, prompt: str) -> Condition:
        """The class that the prompt names."""
        label = class_of(prompt, self.model.layout.classes, self.model.labels)
        return Condition(prompt, {} if label is None else {"label": torch.tensor([label], device=self.device)})

    def conditioning(self, low: Tensor | None, noise: StepNoise) -> Conditioning | None:
        """For a super-resolution model the picture of the stage before, enlarged."""
        del noise
        if low is None or not self.model.upscales:
            return None
        # Pixels are areas, not points (align_corners False): as in the program these weights were trained by.
        size = self.shape[1:]
        return Conditioning(torch.nn.functional.interpolate(low, size, mode="bilinear", align_corners=False))

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Prediction:
        """One forward pass."""
        t = torch.full((), level.t, device=self.device)
        answer = self.network(x.to(self.dtype), t, conditioning.get("label"))
        output, *variance = answer.split(self.shape[0], 1)
        return Prediction(output, *variance)
