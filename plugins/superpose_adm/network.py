r"""OpenAI's U-Net (Dhariwal & Nichol 2021, arXiv 2105.05233), from its own files.

The blocks are those of every family (`superpose_networks.UNet`); sinusoids have the cosine first, group norms 32
groups and an eps of 1e-5, and a class is one more vector beside the time features.
"""

from __future__ import annotations

from torch import Tensor, nn

from superpose import Conditioning, StepNoise
from superpose_adm.layout import Heads, Layout
from superpose_networks import (
    AttentionBlock,
    Direction,
    Downsample,
    LazyNetwork,
    Resample,
    ResidualBlock,
    TimeEmbedding,
    UNet,
    Upsample,
    WeightFile,
    openai_names,
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


def enlarged(low: Tensor | None, noise: StepNoise) -> Conditioning | None:
    """The pictures of the stage before at the size of the noise, beside those of a super-resolution model."""
    # Pixels are areas, not points (align_corners False): as in the program these weights were trained by.
    if low is None:
        return None
    return Conditioning(nn.functional.interpolate(low, noise("low").shape[2:], mode="bilinear", align_corners=False))


def adm(file: WeightFile, layout: Layout, heads: Heads) -> LazyNetwork[ADM]:
    """The network in a file."""

    def names(weights: dict[str, Tensor]) -> dict[str, Tensor]:
        return openai_names(
            weights,
            [layout.blocks] * len(layout.widths),
            order=heads.order,
            heads=lambda name, channels: heads.of(channels, up=name.startswith("up_blocks")),
        )

    return LazyNetwork(lambda: ADM(layout, heads), file, names)
