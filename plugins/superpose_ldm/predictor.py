"""Latent diffusion as a noise predictor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from superpose import Condition, Conditioning, NoiseLevel, NoisePredictor, Prediction, StepNoise
from superpose_ldm.checkpoint import Checkpoint, Sees
from superpose_networks.latent import Autoencoder

if TYPE_CHECKING:
    from superpose_ldm.files import Files


class LatentPredictor(NoisePredictor):
    """A U-Net that predicts the noise in latents, with the first stage and the conditioning that belong to it.

    Arguments:
        checkpoint: What is read.
        size: Height and width of an image; None for that of training.
        files: The image that the network sees, and its mask, where it sees any.
        device: Where it runs.
        dtype: What it computes in.
    """

    def __init__(self, checkpoint: Checkpoint, size: int | None, files: Files, device: str, dtype: str) -> None:
        self.device, self.dtype = torch.device(device), getattr(torch, dtype)
        self.schedule, self.parameterization = checkpoint.schedule, checkpoint.prediction
        self.shape, self.concat_conditioning = checkpoint.shape(size), checkpoint.concat_conditioning
        self._sees, self._files, self._conditioning = checkpoint.sees, files, checkpoint.conditioning
        self._rescaler = checkpoint.rescaler
        self._rescaled = None if self._rescaler is None else self._rescaler.load(device)
        self._told = checkpoint.conditioning.load(device, self.dtype)
        self.autoencoder = cast(Autoencoder, checkpoint.autoencoder.load(device, self.dtype))
        self.network = checkpoint.unet.load(device, self.dtype)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(3, H, W) of the images."""
        (_, height, width), latents = self.shape, self.autoencoder.shape
        return latents.out_channels, height * latents.factor, width * latents.factor

    def condition(self, prompt: str) -> Condition:
        """A class or a text as the network reads it."""
        self._conditioning.check(prompt)
        return Condition(prompt, self._told(prompt))

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Prediction:
        """One forward pass of the U-Net."""
        t = torch.full((), level.t, device=self.device)
        return Prediction(self.network(x.to(self.dtype), t, **conditioning))

    def encode(self, images: Tensor) -> Tensor:
        """Latents of images (N, 3, H, W) in [-1, 1]: the mean of what the first stage says, scaled."""
        return self.autoencoder.encode(images.to(self.device))

    def decode(self, states: Tensor) -> Tensor:
        """Images of latents; a VQ first stage takes the nearest of its codes first."""
        return self.autoencoder.decode(states)

    def conditioning(self, low: Tensor | None, noise: StepNoise) -> Conditioning | None:
        """Pictures beside the noisy latents.

        Arguments:
            low: Images of the stage before, which take the place of an image in a file.
            noise: Tells the number of samples.
        """
        if self._sees == "nothing":
            return None
        if self._rescaler is not None and self._rescaled is not None:
            small = self._rescaled(self._files.read_map(self._rescaler, self.image_shape[1:], self.device))
            return Conditioning(small.expand(len(noise()), -1, -1, -1))
        size = self.shape[1:] if self._sees == "small image" else self.image_shape[1:]
        if self._files.image is None and low is not None:
            image = low if low.shape[2:] == size else interpolate(low, size, mode="bicubic", antialias=True)
        else:
            image = self._files.read_image((3, *size), self.device)[None]
        mask = self._files.read_mask(size, self.device)[None] if "mask" in self._sees else None
        channels = seen(self._sees, self.autoencoder, image, mask)
        return Conditioning(channels.expand(len(noise()), -1, -1, -1))


@torch.no_grad()
def seen(sees: Sees, autoencoder: Autoencoder, image: Tensor, mask: Tensor | None) -> Tensor:
    """The channels beside the latents, shape (N, C', h, w), float32.

    Arguments:
        sees: Which.
        autoencoder: The first stage.
        image: In [-1, 1], shape (N, 3, H, W), of the size of latents if it is a small one.
        mask: 1 where the image is painted anew and 0 elsewhere, shape (N, 1, H, W).
    """
    if sees == "small image":
        return image
    if mask is None:
        return autoencoder.moments(image)[0].float()  # never scaled as latents are: InstructPix2Pix was trained so
    small = interpolate(mask, [side // autoencoder.shape.factor for side in image.shape[2:]])
    if sees == "image and mask":
        black = image * (1 - mask) - mask
        return torch.cat((autoencoder.moments(black)[0].float(), 2 * small - 1), dim=1)
    return torch.cat((small, autoencoder.encode(image * (1 - mask))), dim=1)
