r"""OpenAI's U-Net (Dhariwal & Nichol 2021, arXiv 2105.05233), from its own files.

The blocks are those of every family (`superpose_networks.UNet`); sinusoids have the cosine first, group norms 32
groups and an eps of 1e-5, and a class is one more vector beside the time features.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from superpose_adm.layout import LANDMARK, Heads, Layout
from superpose_networks import (
    AttentionBlock,
    Direction,
    Downsample,
    Resample,
    ResidualBlock,
    TimeEmbedding,
    UNet,
    Upsample,
    assign,
    openai_names,
    read_weights,
    ready,
    silu_,
    sinusoid,
)


class ADM(UNet):
    """(N, read, H, W) and a noise level to (N, written, H, W).

    Arguments:
        layout: What it is made of.
        heads: How its attentions are cut.
    """

    def __init__(self, layout: Layout, heads: Heads) -> None:
        features = 4 * layout.channels
        super().__init__(
            ADMBlocks(layout, heads),
            widths=layout.widths,
            blocks=[layout.blocks] * len(layout.widths),
            in_channels=layout.in_channels,
            out_channels=layout.out_channels,
            features=features,
        )
        self.width = layout.channels
        self.time_embedding = TimeEmbedding(layout.channels, features)
        self.class_embedding = nn.Embedding(layout.classes, features) if layout.classes is not None else None

    def forward(self, x: Tensor, t: Tensor, labels: Tensor | None = None) -> Tensor:
        """The network's answer.

        Arguments:
            x: Noisy images, and what is laid beside them, shape (N, read, H, W).
            t: Noise levels from 0 to 999, whole or fractional, shape (N,) or ().
            labels: Classes, shape (N,); None if and only if the network knows none.
        """
        features = self.time_embedding(sinusoid(t.reshape(-1), self.width).to(x.dtype))
        if self.class_embedding is not None:
            features = features + self.class_embedding(labels)
        return self.run(x, silu_(features))


class ADMBlocks:
    """Blocks of such networks, as their layouts say."""

    def __init__(self, layout: Layout, heads: Heads) -> None:
        self.layout, self.heads = layout, heads

    def residual(self, in_channels: int, out_channels: int, way: Direction, resample: Resample = None) -> ResidualBlock:
        del way
        time = "scale_shift" if self.layout.scale_shift else "add"
        return ResidualBlock(in_channels, out_channels, time=time, resample=resample)  # type: ignore[arg-type]  # of two literals

    def attention(self, level: int, way: Direction) -> nn.Module | None:
        bottom = len(self.layout.widths) - 1
        level = bottom - level if way == "up" else level
        if way != "middle" and level not in self.layout.attention:
            return None
        width = self.layout.widths[level]
        return AttentionBlock(width, width // self.heads.of(width, up=way == "up"))

    def downsample(self, level: int) -> nn.Module:
        width = self.layout.widths[level]
        return self.residual(width, width, "down", "down") if self.layout.residual else Downsample(width)

    def upsample(self, level: int) -> nn.Module:
        width = self.layout.widths[-1 - level]
        return self.residual(width, width, "up", "up") if self.layout.residual else Upsample(width)


def load_adm(path: Path, layout: Layout, heads: Heads, device: str, dtype: torch.dtype) -> ADM:
    """The network in a file.

    Raises:
        RecipeError: If the file is damaged, or does not fit the layout.
    """
    weights = openai_names(
        read_weights(path, device, dtype, landmark=LANDMARK),
        [layout.blocks] * len(layout.widths),
        order=heads.order,
        heads=lambda name, channels: heads.of(channels, up=name.startswith("up_blocks")),
    )
    with torch.device("meta"):  # no memory, no random numbers
        network = ADM(layout, heads)
    assign(network, weights, str(path))
    return ready(network)
