"""Halving and doubling an image's sides, as U-Nets do it: by a convolution."""

from __future__ import annotations

from torch import Tensor, nn


class Downsample(nn.Module):
    """Half the sides by a 3x3 convolution of stride 2: (N, C, H, W) to (N, C, H/2, W/2).

    Arguments:
        channels: :math:`C`.
        padding: 1 pads every side. 0 pads below and to the right only, as DDPM (Ho et al. 2020) and LDM's first
            stages do, whose original framework pads a stride-2 convolution so.
    """

    def __init__(self, channels: int, padding: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, kernel_size=3, stride=2, padding=padding)

    def forward(self, x: Tensor) -> Tensor:
        if self.conv.padding == (0, 0):
            x = nn.functional.pad(x, (0, 1, 0, 1))
        half: Tensor = self.conv(x)
        return half


class Upsample(nn.Module):
    """Twice the sides by repeating pixels, then a 3x3 convolution: (N, C, H, W) to (N, C, 2H, 2W)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, kernel_size=3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        twice: Tensor = self.conv(double(x))
        return twice


def double(x: Tensor) -> Tensor:
    """Each pixel as a 2x2 square: (N, C, H, W) to (N, C, 2H, 2W)."""
    return nn.functional.interpolate(x, scale_factor=2.0, mode="nearest")


def halve(x: Tensor) -> Tensor:
    """Means of 2x2 squares: (N, C, H, W) to (N, C, H/2, W/2)."""
    return nn.functional.avg_pool2d(x, kernel_size=2)
