"""The levels of a U-Net: down to half the size, the middle, up again.

Down: residual blocks, each with attention where the configuration says so, then a halving. Up: the same backwards, one
block more a level, each reading beside its input what the way down left behind.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from superpose.nn.activation import ACTIVATIONS
from superpose.nn.attention import AttentionBlock
from superpose.nn.config import UNet2DConfig
from superpose.nn.resampling import Downsample, Upsample
from superpose.nn.residual import Resample, ResidualBlock


class DownLevel(nn.Module):
    """One level of the way down: what each block and the halving leave is appended to the skips."""

    def __init__(self, config: UNet2DConfig, kind: str, channels: int, width: int, last: bool) -> None:
        super().__init__()
        reads = [channels] + [width] * (config.layers_per_block - 1)
        self.resnets = nn.ModuleList(_residual(config, c, width) for c in reads)
        self.attentions = _attentions(config, kind, width, len(reads))
        self.downsamplers = nn.ModuleList()
        if not last and _resamples_by_residual(kind, config.downsample_type):
            self.downsamplers.append(_residual(config, width, width, "down"))
        elif not last:
            self.downsamplers.append(Downsample(width, config.downsample_padding))

    def forward(self, h: Tensor, times: Iterator[Tensor], skips: list[Tensor]) -> Tensor:
        for i, resnet in enumerate(self.resnets):
            h = resnet(h, next(times))
            if self.attentions:
                h = self.attentions[i](h)
            skips.append(h)
        for downsampler in self.downsamplers:
            h = _resample(downsampler, h, times)
            skips.append(h)
        return h


class Middle(nn.Module):
    """The bottom: residual, attention (where ``add_attention``), residual."""

    def __init__(self, config: UNet2DConfig) -> None:
        super().__init__()
        width, scale = config.block_out_channels[-1], config.mid_block_scale_factor
        groups = config.attn_norm_num_groups
        if groups is None and config.resnet_time_scale_shift == "default":
            groups = config.norm_num_groups
        self.resnets = nn.ModuleList(_residual(config, width, width, scale=scale) for _ in range(2))
        self.attentions = nn.ModuleList()
        if config.add_attention:
            head = config.attention_head_dim or width
            self.attentions.append(AttentionBlock(width, head, groups=groups, eps=config.norm_eps, scale=scale))

    def forward(self, h: Tensor, times: Iterator[Tensor]) -> Tensor:
        h = self.resnets[0](h, next(times))
        for attention in self.attentions:
            h = attention(h)
        answer: Tensor = self.resnets[1](h, next(times))
        return answer


class UpLevel(nn.Module):
    """One level of the way up: each block reads the newest skip beside what comes from below."""

    def __init__(
        self, config: UNet2DConfig, kind: str, channels: int, skips: list[int], width: int, last: bool
    ) -> None:
        super().__init__()
        reads = [channels] + [width] * (len(skips) - 1)
        self.resnets = nn.ModuleList(_residual(config, c + skip, width) for c, skip in zip(reads, skips, strict=True))
        self.attentions = _attentions(config, kind, width, len(reads))
        self.upsamplers = nn.ModuleList()
        if not last and _resamples_by_residual(kind, config.upsample_type):
            self.upsamplers.append(_residual(config, width, width, "up"))
        elif not last:
            self.upsamplers.append(Upsample(width))

    def forward(self, h: Tensor, times: Iterator[Tensor], skips: list[Tensor]) -> Tensor:
        for i, resnet in enumerate(self.resnets):
            h = resnet(torch.cat((h, skips.pop()), dim=1), next(times))
            if self.attentions:
                h = self.attentions[i](h)
        for upsampler in self.upsamplers:
            h = _resample(upsampler, h, times)
        return h


def _residual(
    config: UNet2DConfig, read: int, written: int, resample: Resample = None, scale: float = 1.0
) -> ResidualBlock:
    return ResidualBlock(
        read,
        written,
        groups=config.norm_num_groups,
        eps=config.norm_eps,
        activation=ACTIVATIONS[config.act_fn],
        time="scale_shift" if config.resnet_time_scale_shift == "scale_shift" else "add",
        resample=resample,
        dropout=config.dropout,
        scale=scale,
    )


def _attentions(config: UNet2DConfig, kind: str, width: int, count: int) -> nn.ModuleList:
    if not kind.startswith("Attn"):
        return nn.ModuleList()
    head, groups = config.attention_head_dim or width, config.norm_num_groups
    return nn.ModuleList(AttentionBlock(width, head, groups=groups, eps=config.norm_eps) for _ in range(count))


def _resamples_by_residual(kind: str, option: str) -> bool:
    # The options downsample_type and upsample_type are read by blocks with attention only, as in the published code.
    return kind.startswith("Resnet") or (kind.startswith("Attn") and option == "resnet")


def _resample(module: nn.Module, h: Tensor, times: Iterator[Tensor]) -> Tensor:
    answer: Tensor = module(h, next(times)) if isinstance(module, ResidualBlock) else module(h)
    return answer
