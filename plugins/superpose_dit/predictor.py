"""A diffusion transformer as a noise predictor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor

from superpose import Condition, NoiseLevel, NoisePredictor, Prediction
from superpose_networks.latent import Autoencoder

if TYPE_CHECKING:
    from superpose_dit.model import DiffusionTransformer


class DiTPredictor(NoisePredictor):
    """A transformer that predicts the noise in latents, with its first stage.

    The variance it learned is answered as well; diffusers' pipeline throws it away.

    Arguments:
        model: What the recipe says.
        device: Where it runs.
        dtype: What it computes in.
    """

    parameterization = "epsilon"

    def __init__(self, model: DiffusionTransformer, device: str, dtype: str) -> None:
        files = model.files
        self.device, self.dtype = torch.device(device), getattr(torch, dtype)
        self.shape, self.schedule, self._model = model.shape, model.schedule, model
        self.autoencoder = cast(Autoencoder, files.autoencoder.load(device, self.dtype))
        self.network = files.network.load(device, self.dtype)
        self.learned_variance = model.learned_variance

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(3, H, W) of the images."""
        return self._model.image_shape

    def condition(self, prompt: str) -> Condition:
        """The number of a class."""
        return Condition(prompt, {"labels": torch.tensor([self._model.number(prompt)], device=self.device)})

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Prediction:
        """One forward pass."""
        t = torch.full((), level.t, device=self.device)
        answer = self.network(x.to(self.dtype), t, conditioning["labels"])
        if self.learned_variance == "none":
            return Prediction(answer)
        output, variance = answer.chunk(2, dim=1)
        return Prediction(output, variance)

    def encode(self, images: Tensor) -> Tensor:
        """Latents of images (N, 3, H, W) in [-1, 1]."""
        return self.autoencoder.encode(images.to(self.device))

    def decode(self, states: Tensor) -> Tensor:
        """Images of latents."""
        return self.autoencoder.decode(states)
