"""The levels of a U-Net: down to half the size, the middle, up again.

Down: residual blocks, each with attention where the family has it, then a halving. Up: the same backwards, one block
more a level, each reading beside its input what the way down left behind. What the blocks are is a `BlockFactory`'s
business.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Protocol

import torch
from torch import Tensor, nn

from superpose_networks.residual import ResidualBlock

Direction = Literal["down", "middle", "up"]

#: A residual block's shares of what the whole network knows: of the time features, and of a code where there is one.
Shares = Iterator[tuple[Tensor, ...]]


class BlockFactory(Protocol):
    """Blocks of a family's U-Net: asked for one module after another, in the order in which they run.

    ``level`` counts from 0 on both ways: level 0 of the way up is the bottom.
    """

    def residual(self, in_channels: int, out_channels: int, way: Direction) -> nn.Module:
        """A residual block: a `ResidualBlock`, or one that knows no time and is called with the features alone."""
        ...

    def attention(self, level: int, way: Direction) -> nn.Module | None:
        """Module after each residual block of a level, called with (features, *context); None for nothing."""
        ...

    def downsample(self, level: int) -> nn.Module:
        """Half the sides: a `Downsample`, or a residual block that resamples."""
        ...

    def upsample(self, level: int) -> nn.Module:
        """Twice the sides: an `Upsample`, or a residual block that resamples."""
        ...


class DownLevel(nn.Module):
    """One level of the way down: what each block and the halving leave is appended to the skips."""

    def __init__(self, factory: BlockFactory, level: int, channels: int, width: int, blocks: int, last: bool) -> None:
        super().__init__()
        reads = [channels] + [width] * (blocks - 1)
        self.resnets = nn.ModuleList(factory.residual(in_channels, width, "down") for in_channels in reads)
        self.attentions = _attentions(factory, level, "down", blocks)
        self.downsamplers = nn.ModuleList([] if last else [factory.downsample(level)])

    def forward(self, h: Tensor, block_embeddings: Shares, skips: list[Tensor], *context: Tensor | None) -> Tensor:
        for i, resnet in enumerate(self.resnets):
            h = resnet(h, *next(block_embeddings))
            if self.attentions:
                h = self.attentions[i](h, *context)
            skips.append(h)
        for downsampler in self.downsamplers:
            h = _resampled(downsampler, h, block_embeddings)
            skips.append(h)
        return h


class Middle(nn.Module):
    """The bottom: residual blocks, mostly two, with attention between where the family has it."""

    def __init__(self, factory: BlockFactory, level: int, width: int, blocks: int = 2) -> None:
        super().__init__()
        self.resnets = nn.ModuleList(factory.residual(width, width, "middle") for _ in range(blocks))
        self.attentions = _attentions(factory, level, "middle", blocks - 1)

    def forward(self, h: Tensor, block_embeddings: Shares, *context: Tensor | None) -> Tensor:
        for i, resnet in enumerate(self.resnets):
            if i and self.attentions:
                h = self.attentions[i - 1](h, *context)
            h = resnet(h, *next(block_embeddings))
        return h


class UpLevel(nn.Module):
    """One level of the way up: each block reads the newest skip beside what comes from below."""

    def __init__(
        self, factory: BlockFactory, level: int, channels: int, skips: list[int], width: int, last: bool
    ) -> None:
        super().__init__()
        reads = [channels] + [width] * (len(skips) - 1)
        self.resnets = nn.ModuleList(
            factory.residual(in_channels + skip, width, "up") for in_channels, skip in zip(reads, skips, strict=True)
        )
        self.attentions = _attentions(factory, level, "up", len(skips))
        self.upsamplers = nn.ModuleList([] if last else [factory.upsample(level)])

    def forward(self, h: Tensor, block_embeddings: Shares, skips: list[Tensor], *context: Tensor | None) -> Tensor:
        return self.doubled(self.blocks(h, block_embeddings, skips, *context), block_embeddings)

    def blocks(self, h: Tensor, block_embeddings: Shares, skips: list[Tensor], *context: Tensor | None) -> Tensor:
        """Output of the level at its own size."""
        for i, resnet in enumerate(self.resnets):
            h = resnet(torch.cat((h, skips.pop()), dim=1), *next(block_embeddings))
            if self.attentions:
                h = self.attentions[i](h, *context)
        return h

    def doubled(self, h: Tensor, block_embeddings: Shares) -> Tensor:
        """The same at the size of the next level."""
        for upsampler in self.upsamplers:
            h = _resampled(upsampler, h, block_embeddings)
        return h


def _attentions(factory: BlockFactory, level: int, way: Direction, count: int) -> nn.ModuleList:
    made = [factory.attention(level, way) for _ in range(count)]
    return nn.ModuleList(module for module in made if module is not None)


def _resampled(module: nn.Module, h: Tensor, block_embeddings: Shares) -> Tensor:
    answer: Tensor = module(h, *next(block_embeddings)) if isinstance(module, ResidualBlock) else module(h)
    return answer
