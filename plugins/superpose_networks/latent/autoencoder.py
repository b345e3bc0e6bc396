r"""First stages: an image as latents of a fraction of its size, and back (Rombach et al. 2022, arXiv 2112.10752).

A KL first stage encodes to the mean and the log-variance of a Gaussian, of which the mean is used. A VQ one encodes to
points that decoding moves to the nearest of its codes. Diffusion sees :math:`z = s (e - b)` for the encoding :math:`e`,
a scale s and a shift b.

Names of parameters are those of diffusers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs
import torch
from torch import Tensor, nn

from superpose_networks import AttentionBlock, Downsample, ResidualBlock, Upsample, rows, silu_

EPS = 1e-6


@attrs.frozen(kw_only=True)
class AutoencoderShape:
    """Configuration of a first stage.

    Attributes:
        read, written: Channels of the images it encodes and decodes.
        inner: Channels between its networks and its quantisation.
        latent: Channels of the latents.
        widths: Channels of each level, the first at full size.
        blocks: Residual blocks of a level on the way down; there is one more on the way up.
        down, up: Whether each level has attention, in the order in which they run.
        middle: Whether the bottom has attention.
        groups: Of every group norm.
        codes: Number of codes of a VQ first stage; None for a KL one.
        quant, post_quant: Whether there is a 1x1 convolution before and after quantisation.
        scale, shift: s and b above.
    """

    in_channels: int = 3
    out_channels: int = 3
    inner: int
    latent: int
    widths: tuple[int, ...]
    blocks: int
    down: tuple[bool, ...]
    up: tuple[bool, ...]
    middle: bool = True
    groups: int = 32
    codes: int | None = None
    quant: bool = True
    post_quant: bool = True
    scale: float = 1.0
    shift: float = 0.0

    @property
    def factor(self) -> int:
        """Factor by which latents are smaller than images."""
        return int(2 ** (len(self.widths) - 1))


class Autoencoder(nn.Module):
    """A first stage.

    Images are worked on one at a time: bits do not depend on neighbours, and memory not on their number.
    """

    def __init__(self, shape: AutoencoderShape) -> None:
        super().__init__()
        self.shape = shape
        moments = 1 if shape.codes else 2
        self.encoder = _Encoder(shape, moments * shape.inner)
        self.decoder = _Decoder(shape)
        self.quant_conv = nn.Conv2d(moments * shape.inner, moments * shape.latent, 1) if shape.quant else None
        self.post_quant_conv = nn.Conv2d(shape.latent, shape.inner, 1) if shape.post_quant else None
        self.quantize = nn.ModuleDict()
        if shape.codes:
            self.quantize["embedding"] = nn.Embedding(shape.codes, shape.latent)

    def moments(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """The encoding of images (N, read, H, W): its mean and, of a KL first stage, its log-variance; unscaled."""
        encoded = [self.encoder(image) for image in images.to(self._dtype).split(1)]
        e = torch.cat(encoded if self.quant_conv is None else [self.quant_conv(one) for one in encoded])
        if self.shape.codes:
            return e, None
        mean, log_variance = e.chunk(2, dim=1)
        return mean, log_variance.clamp(-30, 20)

    def encode(self, images: Tensor) -> Tensor:
        """Latents (N, latent, h, w), float32, of images (N, read, H, W) in [-1, 1]."""
        mean, _ = self.moments(images)
        return (mean.float() - self.shape.shift) * self.shape.scale

    def decode(self, z: Tensor) -> Tensor:
        """Images (N, written, H, W), float32, of latents (N, latent, h, w)."""
        e = (z.float() / self.shape.scale + self.shape.shift).to(self._dtype)
        return torch.cat([self._decoded(one) for one in e.split(1)]).float()

    def codes(self, e: Tensor) -> Tensor:
        """The number of the code nearest to each place of an encoding (1, latent, h, w): shape (h * w,)."""
        table = self._table
        places = e.flatten(2)[0].t().float()
        # |e - c|^2 without |e|^2, which is the same for every code.
        return (table.square().sum(1) - 2 * places @ table.t()).argmin(dim=1)

    @property
    def _table(self) -> Tensor:
        table: Tensor = self.quantize["embedding"].weight  # type: ignore[assignment]  # an nn.Embedding
        return table.float()

    @property
    def _dtype(self) -> torch.dtype:
        return self.decoder.conv_in.weight.dtype

    def _decoded(self, e: Tensor) -> Tensor:
        if self.shape.codes:
            code = self._table[self.codes(e)].t().reshape(e.shape).to(self._dtype)
            e = e + (code - e).detach() if e.requires_grad else code  # straight-through: a code has no slope
        image: Tensor = self.decoder(e if self.post_quant_conv is None else self.post_quant_conv(e))
        return image


class _Level(nn.Module):
    """Residual blocks, attention after as many of them as there are attentions, and a change of size."""

    def __init__(
        self,
        reads: Sequence[int],
        width: int,
        groups: int,
        attentions: int,
        down: Iterable[Downsample] = (),
        up: Iterable[Upsample] = (),
    ) -> None:
        super().__init__()
        self.resnets = nn.ModuleList(
            ResidualBlock(in_channels, width, groups=groups, eps=EPS, time=None) for in_channels in reads
        )
        self.attentions = nn.ModuleList(AttentionBlock(width, width, groups=groups, eps=EPS) for _ in range(attentions))
        self.downsamplers, self.upsamplers = nn.ModuleList(down), nn.ModuleList(up)

    def forward(self, h: Tensor) -> Tensor:
        for i, resnet in enumerate(self.resnets):
            h = resnet(h)
            if i < len(self.attentions):
                h = self.attentions[i](h)
        for resample in (*self.downsamplers, *self.upsamplers):
            h = resample(h)
        return h


class _Encoder(nn.Module):
    def __init__(self, shape: AutoencoderShape, out_channels: int) -> None:
        super().__init__()
        widths, groups, count = shape.widths, shape.groups, shape.blocks
        self.conv_in = nn.Conv2d(shape.in_channels, widths[0], 3, padding=1)
        self.down_blocks = nn.ModuleList()
        in_channels = widths[0]
        for level, (width, attends) in enumerate(zip(widths, shape.down, strict=True)):
            halving = [Downsample(width, padding=0)] if level < len(widths) - 1 else []
            reads = [in_channels] + [width] * (count - 1)
            self.down_blocks.append(_Level(reads, width, groups, attends * count, down=halving))
            in_channels = width
        self.mid_block = _Level([in_channels, in_channels], in_channels, groups, int(shape.middle))
        self.conv_norm_out = nn.GroupNorm(groups, in_channels, EPS)
        self.conv_out = nn.Conv2d(in_channels, out_channels, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        h = self.conv_in(image)
        for level in self.down_blocks:
            h = level(h)
        answer: Tensor = self.conv_out(silu_(rows.group_norm(self.conv_norm_out, self.mid_block(h))))
        return answer


class _Decoder(nn.Module):
    def __init__(self, shape: AutoencoderShape) -> None:
        super().__init__()
        widths, groups, count = shape.widths[::-1], shape.groups, shape.blocks + 1
        in_channels = widths[0]
        self.conv_in = nn.Conv2d(shape.inner, in_channels, 3, padding=1)
        self.mid_block = _Level([in_channels, in_channels], in_channels, groups, int(shape.middle))
        self.up_blocks = nn.ModuleList()
        for level, (width, attends) in enumerate(zip(widths, shape.up, strict=True)):
            doubling = [Upsample(width)] if level < len(widths) - 1 else []
            reads = [in_channels] + [width] * (count - 1)
            self.up_blocks.append(_Level(reads, width, groups, attends * count, up=doubling))
            in_channels = width
        self.conv_norm_out = nn.GroupNorm(groups, in_channels, EPS)
        self.conv_out = nn.Conv2d(in_channels, shape.out_channels, 3, padding=1)

    def forward(self, e: Tensor) -> Tensor:
        h = self.mid_block(self.conv_in(e))
        for level in self.up_blocks:
            h = level(h)
        answer: Tensor = self.conv_out(silu_(rows.group_norm(self.conv_norm_out, h)))
        return answer.contiguous()
