"""The U-Nets of pixels: they see squares of pixels as channels, so that nothing is computed at the images' own size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from superpose_networks import UNet2D


def config(side: int, channels: int, widths: Sequence[int]) -> dict[str, Any]:
    """The configuration, in the layout of ``UNet2DModel``, of a U-Net without attention and middle.

    Arguments:
        side: Of what it sees, in squares of pixels.
        channels: That it reads and writes of each.
        widths: Channels of each level, from the largest size to the smallest.
    """
    return {
        "_class_name": "UNet2DModel",
        "sample_size": side,
        "in_channels": channels,
        "out_channels": channels,
        "block_out_channels": list(widths),
        "layers_per_block": 1,
        "down_block_types": ["DownBlock2D"] * len(widths),
        "up_block_types": ["UpBlock2D"] * len(widths),
        "mid_block_type": None,
        "attention_head_dim": None,
        "norm_num_groups": 8,
    }


def see(network: UNet2D, x: Tensor, t: Tensor, labels: Tensor) -> Tensor:
    """Output of a network for images (N, C, H, W): squares of pixels become as many channels as it reads, and back."""
    side = math.isqrt(network.config.in_channels // x.shape[1])
    seen: Tensor = nn.functional.pixel_shuffle(network(nn.functional.pixel_unshuffle(x, side), t, labels), side)
    return seen
