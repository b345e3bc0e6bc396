r"""The networks of a diffusion autoencoder (Preechakul et al. 2022, arXiv 2111.15640).

The encoder is the way down of a U-Net, pooled: an image becomes a semantic code z. The decoder is the U-Net of guided
diffusion (arXiv 2105.05233) whose blocks scale once more, :math:`(1 + W z)((1 + e_s) \mathrm{GN}(h) + e_b)`.
"""

from __future__ import annotations

from itertools import repeat

import attrs
import torch
from torch import Tensor, nn

from superpose_networks import (
    AttentionBlock,
    Direction,
    Downsample,
    Resample,
    ResidualBlock,
    TimeEmbedding,
    UNet,
    UNetEncoder,
    Upsample,
    rows,
    silu_,
    sinusoid,
)

__all__ = ["GROUPS", "Decoder", "Encoder", "Half", "LatentNet", "Layout", "Perceptron"]

#: Group norms have 32 groups in every published model.
GROUPS = 32


@attrs.frozen
class Half:
    """The way down of a U-Net: ``blocks`` residual blocks a level; where ``residual``, another one halves the sides."""

    widths: tuple[int, ...]
    blocks: int
    attends: tuple[bool, ...]
    residual: bool


@attrs.frozen
class Perceptron:
    """The latent network: its linear layers, those that read the noisy code again, and the sinusoids that tell time."""

    layers: int
    hidden: int
    skips: tuple[int, ...]
    times: int
    normed: bool


@attrs.frozen
class Layout:
    """All that is built; ``code`` is the width E of a semantic code, ``latent`` None where the file has no such net.

    ``channels`` are those of an image.
    """

    code: int
    times: int
    decoder: Half
    encoder: Half
    latent: Perceptron | None
    channels: int = 3


class Decoder(UNet):
    """The conditional U-Net: noisy images (N, 3, H, W), times (1,) or (N,) and codes (N, E) to noise (N, C, H, W)."""

    def __init__(self, layout: Layout, heads: int = 1) -> None:
        half, code = layout.decoder, layout.code
        factory, blocks = _Blocks(half, heads, timed=True), [half.blocks] * len(half.widths)
        image = layout.channels
        super().__init__(
            factory, widths=half.widths, blocks=blocks, in_channels=image, out_channels=image, features=code, code=code
        )
        self.times = layout.times
        self.time_embedding = TimeEmbedding(layout.times, code)

    def forward(self, x: Tensor, t: Tensor, z: Tensor) -> Tensor:
        """The noise in ``x``."""
        times = sinusoid(t, self.times).to(self.conv_in.weight.dtype)
        # silu_ may write over its argument, and the codes are the caller's.
        return self.run(x, silu_(self.time_embedding(times)), code=silu_(z.clone()))

    def styles(self, z: Tensor) -> Tensor:
        """Style space: what every block reads off codes (N, E), side by side in the order in which blocks run."""
        block_embeddings = self.code_projections.parts(silu_(z.clone())) if self.code_projections is not None else ()
        return torch.cat(block_embeddings, dim=1).flatten(1)


class Encoder(UNetEncoder):
    """The semantic encoder: images (N, 3, H, W) in [-1, 1] to codes (N, E)."""

    def __init__(self, layout: Layout, heads: int = 1) -> None:
        half = layout.encoder
        factory = _Blocks(half, heads, timed=False)
        super().__init__(factory, widths=half.widths, blocks=half.blocks, in_channels=layout.channels)
        self.conv_norm_out = nn.GroupNorm(GROUPS, half.widths[-1])
        self.conv_out = nn.Conv2d(half.widths[-1], layout.code, 1)

    def forward(self, images: Tensor) -> Tensor:
        """The codes of ``images``."""
        h = self.run(images, repeat(()))  # its blocks are told nothing
        h = silu_(rows.group_norm(self.conv_norm_out, h)).mean((2, 3), keepdim=True)
        return rows.convolution_of_a_pixel(self.conv_out, h).flatten(1)


class LatentNet(nn.Module):
    r"""The network of the latent process: noisy codes (N, E) and times (1,) or (N,) to their noise (N, E).

    A perceptron whose layers read the noisy code again, :math:`h' = a(\mathrm{LN}(W [h, z] \cdot (b + U a(e_t))))`; the
    last one is plain, :math:`W [h, z]`.
    """

    def __init__(self, code: int, form: Perceptron, bias: float = 1.0) -> None:
        super().__init__()
        self.form = form
        self.time_embedding = TimeEmbedding(form.times, code)
        reads = [(form.hidden if i else code) + code * (i in form.skips) for i in range(form.layers)]
        hidden = [_Hidden(in_channels, form.hidden, code, form.normed, bias) for in_channels in reads[:-1]]
        self.layers = nn.ModuleList([*hidden, _Hidden(reads[-1], code)])

    def forward(self, z: Tensor, t: Tensor) -> Tensor:
        """The noise in ``z``."""
        time = silu_(self.time_embedding(sinusoid(t, self.form.times)))
        h = z
        for i, layer in enumerate(self.layers):
            h = layer(torch.cat((h, z), dim=1) if i in self.form.skips else h, time)
        return h


class _Hidden(nn.Module):
    """One layer; plain where ``conditioned``, the width of the time features, is None."""

    def __init__(
        self, in_channels: int, out_channels: int, conditioned: int | None = None, normed: bool = False, bias: float = 1
    ) -> None:
        super().__init__()
        self.linear = nn.Linear(in_channels, out_channels)
        self.cond = nn.Linear(conditioned, out_channels) if conditioned is not None else None
        self.norm = nn.LayerNorm(out_channels) if normed else None
        self.bias = bias

    def forward(self, h: Tensor, time: Tensor) -> Tensor:
        h = rows.linear(self.linear, h)
        if self.cond is None:
            return h
        h = h * (rows.linear(self.cond, time) + self.bias)
        return silu_(h if self.norm is None else self.norm(h))


class _Blocks:
    """Blocks of these networks; ``timed`` where blocks are told the time and a code."""

    def __init__(self, half: Half, heads: int, *, timed: bool) -> None:
        self.half, self.heads, self.timed = half, heads, timed

    def residual(self, in_channels: int, out_channels: int, way: Direction, resample: Resample = None) -> nn.Module:
        del way
        if self.timed:
            return ResidualBlock(in_channels, out_channels, groups=GROUPS, time="scale_shift", resample=resample)
        return _Untold(in_channels, out_channels, resample == "down")

    def attention(self, level: int, way: Direction) -> nn.Module | None:
        place = {"down": level, "middle": -1, "up": -1 - level}[way]
        width = self.half.widths[place]
        return AttentionBlock(width, width // self.heads) if way == "middle" or self.half.attends[place] else None

    def downsample(self, level: int) -> nn.Module:
        width = self.half.widths[level]
        return self.residual(width, width, "down", "down") if self.half.residual else Downsample(width)

    def upsample(self, level: int) -> nn.Module:
        width = self.half.widths[-1 - level]
        return self.residual(width, width, "up", "up") if self.half.residual else Upsample(width)


class _Untold(nn.Module):
    """The residual block of the encoder. Told nothing, the original has only the first of its two convolutions."""

    def __init__(self, in_channels: int, out_channels: int, halves: bool) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(GROUPS, in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.conv_shortcut = nn.Conv2d(in_channels, out_channels, 1) if in_channels != out_channels else None
        self.halves = halves

    def forward(self, x: Tensor) -> Tensor:
        h = silu_(rows.group_norm(self.norm1, x))
        if self.halves:
            x, h = (nn.functional.avg_pool2d(one, 2) for one in (x, h))
        answer: Tensor = self.conv1(h).add_(
            x if self.conv_shortcut is None else rows.convolution_of_a_pixel(self.conv_shortcut, x)
        )
        return answer
