"""A network of EDM as a noise predictor: it answers with the clean image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from superpose import Condition, NoiseLevel, NoisePredictor, Prediction
from superpose_edm.loading import load_edm

if TYPE_CHECKING:
    from superpose_edm.model import EDM


class EDMPredictor(NoisePredictor):
    """The network in a converted folder, with its preconditioning around it.

    Arguments:
        model: What the recipe says of it.
        device: Where it runs.
        dtype: What it computes in; the preconditioning is in float32.
    """

    parameterization = "sample"

    def __init__(self, model: EDM, device: str, dtype: str) -> None:
        self.model, self.config = model, model.config
        self.shape, self.schedule = model.shape, model.schedule
        self.device, self.dtype = torch.device(device), getattr(torch, dtype)
        self.network = load_edm(model.path / "model.safetensors", self.config, device, self.dtype)

    def condition(self, prompt: str) -> Condition:
        """The class that the prompt names, as a row with a one in its place."""
        if not self.config.label_dim:
            self.model.check_prompt(prompt)
            return Condition(prompt)
        classes = torch.zeros(1, self.config.label_dim, device=self.device)
        label = self.model.label(prompt)
        if label is not None:
            classes[0, label] = 1
        return Condition(prompt, {"classes": classes})

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Prediction:
        """One forward pass."""
        around = self.config.around.at(level.ratio)
        noisy = x / level.alpha  # a clean image plus sigma times noise
        noise = torch.full((), around.noise, device=self.device)
        answer = self.network((around.in_ * noisy).to(self.dtype), noise, conditioning.get("classes"))
        # What iDDPM's networks say of the variance is not used, as in EDM.
        return Prediction(torch.add(around.skip * noisy, answer[:, : self.shape[0]].float(), alpha=around.out))
