"""The network that edits: it sees an image beside the noisy one, and is told what to change."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from superpose import Conditioning, Forward, LayConditioning, NoiseLevel, StepNoise
from superpose_networks import UNet2D

#: Sides of the squares of pixels that are one place.
SQUARE = 2


def edited(network: UNet2D, x: Tensor, t: Tensor, labels: Tensor) -> Tensor:
    """Output of the network, shape (N, 3, H, W).

    Arguments:
        network: It reads squares of pixels of both images, and writes those of one.
        x: Noisy images, and those that are edited, zeros for none, shape (N, 6, H, W).
        t: Noise levels, shape (N,) or ().
        labels: Numbers of the instructions, shape (N,).
    """
    seen = network(nn.functional.pixel_unshuffle(x, SQUARE), t, labels)
    output: Tensor = nn.functional.pixel_shuffle(seen, SQUARE)
    return output


def editing(network: UNet2D) -> Forward:
    """One forward pass of it."""

    def forward(x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Tensor:
        t = torch.full((), level.t, device=x.device)
        return edited(network, x.to(network.conv_in.weight.dtype), t, conditioning["labels"]).float()

    return forward


def laid(image: Tensor | None, shape: tuple[int, int, int], device: str) -> LayConditioning:
    """The image that is edited, shape (C, H, W), beside every sample; zeros where there is none."""
    seen = torch.zeros(shape, device=device) if image is None else image

    def lay(low: Tensor | None, noise: StepNoise) -> Conditioning:
        del low
        return Conditioning(seen.expand(len(noise()), -1, -1, -1))

    return lay
