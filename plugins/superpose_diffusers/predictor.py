"""A denoiser of diffusers as a noise predictor.

A row's answer depends on its row alone as far as the library's own layers keep rows apart: in value always, to the last
bit only where a forward pass has one row (``rows = 1`` in ``[run]``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from superpose import Condition, NoiseLevel, NoisePredictor, Prediction, published_parameterization
from superpose_diffusers.autoencoder import Latents
from superpose_diffusers.conventions import convention
from superpose_diffusers.loading import load_pipeline

if TYPE_CHECKING:
    from superpose_diffusers.model import Diffusers


class BridgePredictor(NoisePredictor):
    """A network of diffusers and all that is needed to ask it.

    Arguments:
        model: What the recipe says.
        device: Where it runs.
        dtype: What the denoiser and the text encoders compute in.
    """

    def __init__(self, model: Diffusers, device: str, dtype: str) -> None:
        folder = model.folder
        self.model = model
        self.shape, self.schedule, self.clip = model.shape, model.schedule, model.clip
        self.device, self.dtype = torch.device(device), getattr(torch, dtype)
        self.pipeline = load_pipeline(folder, self.device, self.dtype, model.variant)
        self.network = getattr(self.pipeline, folder.denoiser)
        self.latents = Latents(getattr(self.pipeline, folder.autoencoder)) if folder.autoencoder else None
        self.convention = convention(folder.parts[folder.denoiser], folder.config(folder.denoiser))
        self.parameterization = published_parameterization(folder.config("scheduler"))
        self.learned_variance = model.learned_variance

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of the images."""
        return self.model.image_shape

    @torch.no_grad()
    def condition(self, prompt: str) -> Condition:
        """Encode a prompt with the pipeline's own text encoders."""
        self.model.check_prompt(prompt)
        told = self.convention.tell(self.pipeline, prompt, self.model)
        return Condition(
            prompt,
            {
                name: value.to(self.device, self.dtype if value.is_floating_point() else None)
                for name, value in told.items()
            },
        )

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Prediction:
        """One forward pass."""
        t = torch.full((len(x),), level.t, device=self.device)
        answer = self.convention.ask(self.network, x.to(self.dtype), t, conditioning)
        if self.learned_variance == "none":
            return Prediction(answer)
        output, variance = answer.chunk(2, dim=1)
        return Prediction(output, variance)

    def encode(self, images: Tensor) -> Tensor:
        """The states of images (N, 3, H, W) in [-1, 1]."""
        return images if self.latents is None else self.latents.encode(images.to(self.device))

    def decode(self, states: Tensor) -> Tensor:
        """The images of states."""
        return states if self.latents is None else self.latents.decode(states)
