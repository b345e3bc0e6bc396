"""The autoencoders of diffusers: KL, VQ, DC and tiny ones make latents of images, each with its own words for it."""

from __future__ import annotations

from typing import Any

import attrs
from torch import Tensor


@attrs.frozen(eq=False)
class Latents:
    """Between images and the states of the denoiser, which are latents shifted and scaled.

    Attributes:
        network: The autoencoder; it runs in float32.
    """

    network: Any

    def encode(self, images: Tensor) -> Tensor:
        """States of images (N, 3, H, W) in [-1, 1]; where the encoder leaves a choice, the likeliest."""
        said = self.network.encode(images)
        if hasattr(said, "latent_dist"):
            latent: Tensor = said.latent_dist.mode()
        else:
            latent = said.latents if hasattr(said, "latents") else said.latent
        mean, deviation = self._moments(latent)
        return (latent - mean) / deviation

    def decode(self, states: Tensor) -> Tensor:
        """Images of states (N, C, h, w)."""
        mean, deviation = self._moments(states)
        images: Tensor = self.network.decode(states * deviation + mean, return_dict=False)[0]
        return images

    def _moments(self, like: Tensor) -> tuple[Tensor, Tensor]:
        """Shift and scale of latents, shape (1, C, 1, 1) or ()."""
        config = self.network.config
        scale = getattr(config, "scaling_factor", 1.0)
        mean, deviation = getattr(config, "latents_mean", None), getattr(config, "latents_std", None)
        if mean is not None and deviation is not None:
            return like.new_tensor(mean).view(1, -1, 1, 1), like.new_tensor(deviation).view(1, -1, 1, 1) / scale
        return like.new_tensor(getattr(config, "shift_factor", None) or 0.0), like.new_tensor(1 / scale)
