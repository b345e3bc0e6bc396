"""A denoiser of diffusers as a noise predictor.

A row's answer depends on its row alone as far as the library's own layers keep rows apart: in value always, to the last
bit only where a forward pass has one row (``rows = 1`` in ``[run]``). Images are encoded and decoded one at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from superpose import Condition, Moment, NoisePredictor, Prediction
from superpose_diffusers.conventions import convention
from superpose_diffusers.levels import parameterization
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
        self.shape, self.image_shape = model.shape, model.image_shape
        self.schedule, self.clip = model.schedule, model.clip
        self.device, self.dtype = torch.device(device), getattr(torch, dtype)
        self.pipeline = load_pipeline(folder, self.device, self.dtype, model.variant)
        self.network = getattr(self.pipeline, folder.denoiser)
        self.autoencoder = None if folder.autoencoder is None else getattr(self.pipeline, folder.autoencoder)
        self.convention = convention(folder.parts[folder.denoiser], folder.config(folder.denoiser))
        about = folder.config("scheduler")
        self.parameterization = parameterization(about)
        if folder.config(folder.denoiser).get("out_channels") == 2 * self.shape[0]:
            # Networks with twice the channels are guided-diffusion's kin, unless somebody says otherwise.
            self.learned_variance = "learned" if about.get("variance_type") == "learned" else "learned_range"

    @torch.no_grad()
    def condition(self, prompt: str) -> Condition:
        """What the pipeline's own text encoders make of a prompt."""
        self.model.check_prompt(prompt)
        told = self.convention.tell(self.pipeline, prompt, self.model)
        return Condition(
            prompt,
            {
                name: value.to(self.device, self.dtype if value.is_floating_point() else None)
                for name, value in told.items()
            },
        )

    def predict(self, x: Tensor, moment: Moment, given: Mapping[str, Tensor]) -> Prediction:
        """One forward pass."""
        t = torch.full((len(x),), moment.t, device=self.device)
        answer = self.convention.ask(self.network, x.to(self.dtype), t, given)
        if self.learned_variance == "none":
            return Prediction(answer)
        output, variance = answer.chunk(2, dim=1)
        return Prediction(output, variance)

    @torch.no_grad()
    def encode(self, images: Tensor) -> Tensor:
        """The latents of images (N, 3, H, W) in [-1, 1]: the mode, where there is a choice."""
        if self.autoencoder is None:
            return images
        return torch.cat([self._scaled(self._latent(row)) for row in images.split(1)])

    @torch.no_grad()
    def decode(self, states: Tensor) -> Tensor:
        """The images of latents."""
        if self.autoencoder is None:
            return states
        rows = [self.autoencoder.decode(self._unscaled(row), return_dict=False)[0] for row in states.split(1)]
        return torch.cat(rows)

    def _latent(self, images: Tensor) -> Tensor:
        said: Any = self.autoencoder.encode(images)  # type: ignore[union-attr]  # asked only where there is one
        if hasattr(said, "latent_dist"):
            mode: Tensor = said.latent_dist.mode()
            return mode
        latent: Tensor = said.latents if hasattr(said, "latents") else said.latent
        return latent

    def _scaled(self, latent: Tensor) -> Tensor:
        mean, deviation = self._moments(latent)
        return (latent - mean) / deviation

    def _unscaled(self, state: Tensor) -> Tensor:
        mean, deviation = self._moments(state)
        return state * deviation + mean

    def _moments(self, like: Tensor) -> tuple[Tensor, Tensor]:
        """What the autoencoder's latents are shifted and divided by, shape (1, C, 1, 1) or ()."""
        config: Any = self.autoencoder.config  # type: ignore[union-attr]
        scale = getattr(config, "scaling_factor", 1.0)
        mean, deviation = getattr(config, "latents_mean", None), getattr(config, "latents_std", None)
        if mean is not None and deviation is not None:
            return like.new_tensor(mean).view(1, -1, 1, 1), like.new_tensor(deviation).view(1, -1, 1, 1) / scale
        return like.new_tensor(getattr(config, "shift_factor", None) or 0.0), like.new_tensor(1 / scale)
