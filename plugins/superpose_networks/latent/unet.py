"""The U-Net of latent diffusion (Rombach et al. 2022, arXiv 2112.10752): latents that look at the words of a text.

Names of parameters are those of ``UNet2DConditionModel`` in diffusers.
"""

from __future__ import annotations

import attrs
from torch import Tensor, nn

from superpose_networks import (
    AttentionBlock,
    Direction,
    Downsample,
    Resample,
    ResidualBlock,
    SpatialTransformer,
    TimeEmbedding,
    UNet,
    Upsample,
    silu_,
    sinusoid,
)


@attrs.frozen(kw_only=True)
class Attends:
    """The attention after each residual block of a level.

    Attributes:
        heads: Their number.
        width: Features of a head.
        depth: Transformer blocks; 0 for attention of pixels without transformers.
        context: Features of a word; None where there is no text.
        only_context: Whether transformers look at the text twice, and never at the image.
    """

    heads: int
    width: int
    depth: int = 1
    context: int | None = None
    only_context: bool = False


@attrs.frozen(kw_only=True)
class UNetShape:
    """Configuration of a U-Net.

    Attributes:
        read, written: Channels of its input and its output.
        widths: Channels of each level, the first at full size.
        blocks: Residual blocks of each level on the way down.
        down, middle, up: Attention of each level, in the order in which they run; None for none.
        middle_blocks: Residual blocks of the middle; 0 where there is none.
        features: Width of the time features.
        groups, eps: Of group norms outside of transformers.
        padding: Of halving by convolution.
        residual_resampling: Whether sizes change in residual blocks.
        scale_shift: Whether time features scale and shift; otherwise they are added.
        cosine_first, frequency_shift: Of the embedding of time.
        classes: Rows of the table of classes; None for none.
        middle_scale: By which residual sums of the middle are divided.
    """

    in_channels: int
    out_channels: int
    widths: tuple[int, ...]
    blocks: tuple[int, ...]
    down: tuple[Attends | None, ...]
    middle: Attends | None
    up: tuple[Attends | None, ...]
    middle_blocks: int = 2
    features: int
    groups: int = 32
    eps: float = 1e-5
    padding: int = 1
    residual_resampling: bool = False
    scale_shift: bool = False
    cosine_first: bool = True
    frequency_shift: float = 0.0
    classes: int | None = None
    middle_scale: float = 1.0

    @property
    def context(self) -> int | None:
        """Features of a word of the text that it reads; None where it reads none."""
        return next((one.context for one in (*self.down, self.middle, *self.up) if one and one.context), None)

    @property
    def transforms(self) -> bool:
        """True where its attention is that of transformers, which are given the text."""
        return any(one.depth > 0 for one in (*self.down, self.middle, *self.up) if one)


class LatentUNet(UNet):
    """The network of a noise predictor of latents. Row i of the answer depends on row i of the arguments alone."""

    def __init__(self, shape: UNetShape) -> None:
        super().__init__(
            _Blocks(shape),
            widths=shape.widths,
            blocks=shape.blocks,
            in_channels=shape.in_channels,
            out_channels=shape.out_channels,
            features=shape.features,
            groups=shape.groups,
            eps=shape.eps,
            middle=shape.middle_blocks,
        )
        self.shape = shape
        self.time_embedding = TimeEmbedding(shape.widths[0], shape.features)
        self.class_embedding = nn.Embedding(shape.classes, shape.features) if shape.classes else None

    def forward(
        self, x: Tensor, t: Tensor, context: Tensor | None = None, class_labels: Tensor | None = None
    ) -> Tensor:
        """The network's answer, whatever it was trained to predict.

        Arguments:
            x: Noisy latents and what is laid beside them, shape (N, read, h, w).
            t: Noise level as a training time, whole or fractional, shape (N,) or ().
            context: The words, shape (N, words, context).
            class_labels: Rows of the table of classes, shape (N,).

        Raises:
            ValueError: If the sides cannot be halved as often as needed.
        """
        shape = self.shape
        time = sinusoid(t.reshape(-1), shape.widths[0], cosine_first=shape.cosine_first, shift=shape.frequency_shift)
        e = self.time_embedding(time.to(x.dtype))
        if self.class_embedding is not None:
            e = e + self.class_embedding(class_labels)
        return self.run(x, silu_(e), *((context,) if shape.transforms else ()))


class _Blocks:
    """Blocks of this network, as its shape says."""

    def __init__(self, shape: UNetShape) -> None:
        self.shape = shape

    def residual(self, in_channels: int, out_channels: int, way: Direction, resample: Resample = None) -> ResidualBlock:
        shape = self.shape
        return ResidualBlock(
            in_channels,
            out_channels,
            groups=shape.groups,
            eps=shape.eps,
            time="scale_shift" if shape.scale_shift else "add",
            resample=resample,
            scale=shape.middle_scale if way == "middle" else 1.0,
        )

    def attention(self, level: int, way: Direction) -> nn.Module | None:
        shape = self.shape
        attends = shape.middle if way == "middle" else (shape.down if way == "down" else shape.up)[level]
        if attends is None:
            return None
        channels = shape.widths[-1] if way == "middle" else self._width(level, way)
        if attends.depth == 0:
            return AttentionBlock(channels, attends.width, groups=shape.groups, eps=shape.eps)
        return SpatialTransformer(
            channels,
            attends.heads,
            attends.width,
            depth=attends.depth,
            context=attends.context,
            groups=shape.groups,
            only_context=attends.only_context,
        )

    def downsample(self, level: int) -> nn.Module:
        width = self._width(level, "down")
        if self.shape.residual_resampling:
            return self.residual(width, width, "down", "down")
        return Downsample(width, self.shape.padding)

    def upsample(self, level: int) -> nn.Module:
        width = self._width(level, "up")
        return self.residual(width, width, "up", "up") if self.shape.residual_resampling else Upsample(width)

    def _width(self, level: int, way: Direction) -> int:
        return self.shape.widths[level if way == "down" else -1 - level]
