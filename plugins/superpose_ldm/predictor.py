"""Latent diffusion as a noise predictor."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from superpose import Conditioning, LayConditioning, Model, NetworkPredictor, StepNoise
from superpose_ldm.checkpoint import Checkpoint, Sees
from superpose_ldm.files import Files
from superpose_networks import load_together
from superpose_networks.latent import Autoencoder


def latent_predictor(model: Model, checkpoint: Checkpoint, files: Files, device: str, dtype: str) -> NetworkPredictor:
    """A U-Net of latents, with the first stage and the conditioning that belong to it.

    Arguments:
        model: What the recipe says of it.
        checkpoint: What is read.
        files: The image that the network sees, and its mask, where it sees any.
        device: Where it runs.
        dtype: What it dtype in.
    """
    conditioning, rescaler = checkpoint.conditioning, checkpoint.rescaler
    unet, autoencoder, encoder, mapper = load_together(
        device,
        (checkpoint.unet, dtype),
        (checkpoint.autoencoder, dtype),
        (conditioning.part, dtype),
        (rescaler.mapper if rescaler else None, torch.float32),
    )
    read = () if encoder is None or isinstance(encoder, nn.Embedding) else (encoder,)  # a table is no network
    rescaled = rescaler.rescaled(mapper) if rescaler else None
    return NetworkPredictor(
        model,
        unet,
        conditioning.told(encoder, device),
        device,
        dtype,
        parameterization=checkpoint.prediction,
        lay_conditioning=beside(model, checkpoint, autoencoder, files, rescaled, device),
        autoencoder=autoencoder,
        modules=(unet, autoencoder.encoder, autoencoder.decoder, *read),
    )


def beside(
    model: Model,
    checkpoint: Checkpoint,
    autoencoder: Autoencoder,
    files: Files,
    rescaled: Callable[[Tensor], Tensor] | None,
    device: str,
) -> LayConditioning | None:
    """Pictures beside the noisy latents: of files, or of the stage before in the place of an image in a file."""
    sees, rescaler, large = checkpoint.sees, checkpoint.rescaler, model.image_shape[1:]
    if sees == "nothing":
        return None
    factor = 1 if sees == "small image" else autoencoder.shape.factor

    def channels(low: Tensor | None, places: tuple[int, int]) -> Tensor:
        size = factor * places[0], factor * places[1]
        if rescaler is not None and rescaled is not None:
            return rescaled(files.read_map(rescaler, large, device))
        if files.image is None and low is not None:
            image = low if low.shape[2:] == size else interpolate(low, size, mode="bicubic", antialias=True)
        else:
            image = files.read_image((3, *size), device)[None]
        mask = files.read_mask(size, device)[None] if "mask" in sees else None
        return seen(sees, autoencoder, image, mask)

    def lay(low: Tensor | None, noise: StepNoise) -> Conditioning:
        count, _, height, width = noise().shape
        return Conditioning(channels(low, (height, width)).expand(count, -1, -1, -1))

    return lay


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
