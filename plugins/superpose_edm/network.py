r"""EDM's networks (arXiv 2206.00364): OpenAI's U-Net, and those of the score SDE (Song et al. 2021, arXiv 2011.13456).

The score SDE's, DDPM++ and NCSN++, divide every sum of a branch and its shortcut by :math:`\sqrt 2`. NCSN++ lays the
image, made smaller level by level, beside the way down, and resamples with a wider filter than a square of pixels.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import cast

import torch
from torch import Tensor, nn

from superpose_edm.config import EDMConfig
from superpose_networks import (
    AttentionBlock,
    Direction,
    Resample,
    ResidualBlock,
    TimeEmbedding,
    UNet,
    UpLevel,
    rows,
    silu_,
    sinusoid,
)


def groups(channels: int) -> int:
    """Groups of a norm: at least 4 channels in each."""
    return min(32, channels // 4)


class EDMUNet(UNet):
    """(N, C, H, W) and what the preconditioning says of the noise level to (N, C', H, W).

    Arguments:
        config: What it is made of.
    """

    def __init__(self, config: EDMConfig) -> None:
        features = config.model_channels * config.channel_mult_emb
        super().__init__(
            _Blocks(config),
            widths=config.widths,
            blocks=[config.num_blocks] * len(config.widths),
            in_channels=config.img_channels,
            out_channels=config.written,
            features=features,
            first=config.model_channels if config.song else None,
            groups=groups(config.widths[0]),
            eps=config.eps,
        )
        self.config = config
        self.width = config.model_channels * (config.channel_mult_noise if config.song else 1)
        self.time_embedding = TimeEmbedding(self.width, features)
        self.class_embedding = None
        if config.label_dim:
            known = self.width if config.song else features
            self.class_embedding = nn.Linear(config.label_dim, known, bias=config.song)

    def forward(self, x: Tensor, noise: Tensor, classes: Tensor | None = None) -> Tensor:
        """The network's answer.

        Arguments:
            x: Preconditioned states, shape (N, C, H, W).
            noise: What the preconditioning says of the noise level, shape (N,) or ().
            classes: One-hot rows, or zeros for no class, shape (N, label_dim); None for a network without classes.
        """
        features = self.time_embedding(sinusoid(noise.reshape(-1), self.width).to(x.dtype))
        if self.class_embedding is not None and classes is not None:
            features = features + rows.linear(self.class_embedding, classes.to(x.dtype))
        return self.run(x, silu_(features))


class Song(EDMUNet):
    """DDPM++ and NCSN++; called as `EDMUNet` is."""

    def __init__(self, config: EDMConfig) -> None:
        super().__init__(config)
        for up in self._ups():  # on the way up only a level's last block has attention
            for i in range(len(up.attentions) - 1):
                up.attentions[i] = nn.Identity()
        self.frequencies: Tensor | None
        fourier = config.embedding_type == "fourier"
        self.register_buffer("frequencies", torch.empty(self.width // 2) if fourier else None)
        self.smaller, self.larger = Filter(config.resample_filter), Filter(config.resample_filter, up=True)
        channels, widths = config.img_channels, config.widths[:-1]
        self.beside = nn.ModuleList()
        if config.encoder_type == "skip":
            self.beside.extend(nn.Conv2d(channels, width, 1) for width in widths)
        if config.encoder_type == "residual":
            reads = (channels, *widths)
            self.beside.extend(_Halving(*pair, self.smaller) for pair in zip(reads, widths, strict=False))
        pictured = config.widths[:0:-1] if config.decoder_type == "skip" else ()
        self.pictures = nn.ModuleList(_Picture(width, channels, config.eps) for width in pictured)

    def forward(self, x: Tensor, noise: Tensor, classes: Tensor | None = None) -> Tensor:
        """The network's answer."""
        features = self._embedded(noise).to(x.dtype)
        if self.class_embedding is not None and classes is not None:
            scaled = classes.to(x.dtype) * math.sqrt(self.config.label_dim)
            features = features + rows.linear(self.class_embedding, scaled)
        features = silu_(self.time_embedding(features))
        block_embeddings = ((share,) for share in self.time_projections.parts(features))
        return self._up(*self._down(x, block_embeddings), block_embeddings)

    def _embedded(self, noise: Tensor) -> Tensor:
        if self.frequencies is None:
            return sinusoid(noise.reshape(-1), self.width, cosine_first=False, shift=1)
        angle = 2 * math.pi * noise.reshape(-1, 1).float() * self.frequencies.float()
        return torch.cat((angle.sin(), angle.cos()), 1)

    def _down(self, x: Tensor, block_embeddings: Iterator[tuple[Tensor, ...]]) -> tuple[Tensor, list[Tensor]]:
        h, image = self.conv_in(x), x
        skips = [h]
        for level, down in enumerate(self.down_blocks):
            h = down(h, block_embeddings, skips)
            if level < len(self.beside):
                if self.config.encoder_type == "skip":
                    image = self.smaller(image)
                    h = h + rows.convolution_of_a_pixel(cast(nn.Conv2d, self.beside[level]), image)
                else:
                    h = image = (h + self.beside[level](image)) / math.sqrt(2)
                skips[-1] = h
        return self.mid_block(h, block_embeddings), skips  # type: ignore[misc]  # it always has a middle

    def _ups(self) -> Iterator[UpLevel]:
        return iter(cast(Iterable[UpLevel], self.up_blocks))

    def _up(self, h: Tensor, skips: list[Tensor], block_embeddings: Iterator[tuple[Tensor, ...]]) -> Tensor:
        picture: Tensor | None = None
        for level, up in enumerate(self._ups()):
            h = up.blocks(h, block_embeddings, skips)
            if level < len(self.pictures):
                seen = self.pictures[level](h)
                picture = self.larger(seen if picture is None else seen + picture)
            h = up.doubled(h, block_embeddings)
        answer: Tensor = self.conv_out(silu_(rows.group_norm(self.conv_norm_out, h)))
        return (answer if picture is None else answer + picture).contiguous()


class Filter:
    """Half or twice the sides by a separable filter: (N, C, H, W) to (N, C, H/2, W/2) or (N, C, 2H, 2W).

    Arguments:
        taps: Of the filter, an even number; (1, 1) are squares of pixels.
        up: Whether it doubles.
    """

    def __init__(self, taps: tuple[float, ...], up: bool = False) -> None:
        self.taps, self.up, self.padding = taps, up, (len(taps) - 1) // 2

    def __call__(self, x: Tensor) -> Tensor:
        """Resample, with zeros around the image."""
        if self.up:
            kernel = 4 * self._kernel(x)
            return nn.functional.conv_transpose2d(x, kernel, stride=2, padding=self.padding, groups=x.shape[1])
        return nn.functional.conv2d(x, self._kernel(x), stride=2, padding=self.padding, groups=x.shape[1])

    def inside(self, x: Tensor) -> Tensor:
        """Half the sides of an image that has its margin already."""
        return nn.functional.conv2d(x, self._kernel(x), stride=2, groups=x.shape[1])

    def _kernel(self, x: Tensor) -> Tensor:
        taps = torch.tensor(self.taps, dtype=x.dtype, device=x.device) / sum(self.taps)
        return torch.outer(taps, taps).expand(x.shape[1], 1, -1, -1)


class _Halving(nn.Module):
    """A convolution, then the filter: the image as the next level reads it."""

    def __init__(self, in_channels: int, out_channels: int, smaller: Filter) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, padding=1 + smaller.padding)
        self.smaller = smaller

    def forward(self, x: Tensor) -> Tensor:
        return self.smaller.inside(self.conv(x))


class _Picture(nn.Module):
    """Picture that a level of the way up adds."""

    def __init__(self, in_channels: int, out_channels: int, eps: float) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(groups(in_channels), in_channels, eps)
        self.conv = nn.Conv2d(in_channels, out_channels, 3, padding=1)

    def forward(self, h: Tensor) -> Tensor:
        picture: Tensor = self.conv(silu_(rows.group_norm(self.norm, h)))
        return picture


class _Blocks:
    """Blocks of the network, as its configuration says."""

    def __init__(self, config: EDMConfig) -> None:
        self.config = config
        self.scale = math.sqrt(2) if config.song else 1.0
        square = len(set(config.resample_filter)) == 1 and len(config.resample_filter) == 2
        self.down: Resample = "down" if square else Filter(config.resample_filter)
        self.up: Resample = "up" if square else Filter(config.resample_filter, up=True)

    def residual(self, in_channels: int, out_channels: int, way: Direction, resample: Resample = None) -> ResidualBlock:
        del way
        return ResidualBlock(
            in_channels,
            out_channels,
            groups=(groups(in_channels), groups(out_channels)),
            eps=self.config.eps,
            time="add" if self.config.song else "scale_shift",
            resample=resample,
            scale=self.scale,
            project=self.config.song and resample is not None,
        )

    def attention(self, level: int, way: Direction) -> nn.Module | None:
        level = len(self.config.widths) - 1 - level if way == "up" else level
        width = self.config.widths[level]
        count = heads(self.config, width)
        wanted = way == "middle" or self.config.img_resolution >> level in self.config.attn_resolutions
        if not wanted or not count:
            return None
        return AttentionBlock(width, width // count, groups=groups(width), eps=self.config.eps, scale=self.scale)

    def downsample(self, level: int) -> nn.Module:
        width = self.config.widths[level]
        return self.residual(width, width, "down", self.down)

    def upsample(self, level: int) -> nn.Module:
        width = self.config.widths[-1 - level]
        return self.residual(width, width, "up", self.up)


def heads(config: EDMConfig, channels: int) -> int:
    """Heads of an attention over so many channels: one of 64 features each in OpenAI's network, else one."""
    return 1 if config.song else channels // 64
