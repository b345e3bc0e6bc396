r"""OpenAI's classifier of noisy images (Dhariwal & Nichol 2021, arXiv 2105.05233): half a U-Net and a pool.

=============  ======================================================================================================
adaptive       the mean of the bottom's features, and a linear map
attention      attention from their mean to all of them (CLIP's pool); its rows for q, k, v are always in the new order
spatial        the means of what every block leaves, and two linear maps
spatial_v2     the same with a norm between
=============  ======================================================================================================
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from superpose_adm.layout import Heads, Layout
from superpose_adm.network import ADMBlocks
from superpose_networks import (
    LazyNetwork,
    ResidualBlock,
    TimeEmbedding,
    TimeProjections,
    UNetEncoder,
    WeightFile,
    openai_names,
    rows,
    silu_,
    sinusoid,
)

_relu = rows.pointwise(nn.functional.relu)


class Encoder(UNetEncoder):
    """Noisy images (N, read, H, W) and a noise level to logits (N, written).

    Arguments:
        layout: What it is made of.
        heads: How its attentions are cut.
        pool: Which of the pools above.
        side: Height and width of the bottom's features.
        hidden: Width of the spatial pools' hidden layer.
    """

    def __init__(self, layout: Layout, heads: Heads, pool: str, side: int, hidden: int = 2048) -> None:
        blocks, widths = layout.blocks, layout.widths
        super().__init__(ADMBlocks(layout, heads), widths=widths, blocks=blocks, in_channels=layout.in_channels)
        features = 4 * layout.channels
        self.layout, self.heads, self.pool = layout, heads, pool
        self.time_embedding = TimeEmbedding(layout.channels, features)
        residuals = {name: block for name, block in self.named_modules() if isinstance(block, ResidualBlock)}
        self.time_projections = TimeProjections(
            self, features, {name: block.time_width for name, block in residuals.items()}
        )
        bottom = widths[-1]
        left = widths[0] + (blocks + 1) * sum(widths) - bottom  # no halving at the bottom
        self.out = nn.ModuleDict()
        if pool in ("adaptive", "attention"):
            self.out["0"] = nn.GroupNorm(32, bottom)
        if pool == "adaptive":
            self.out["3"] = nn.Linear(bottom, layout.out_channels)
        elif pool == "attention":
            self.out["2"] = AttentionPool(bottom, heads.of(bottom, up=False), side, layout.out_channels)
        else:
            self.out["0"] = nn.Linear(left + bottom, hidden)
            if pool == "spatial_v2":
                self.out["1"] = nn.GroupNorm(32, hidden)
            self.out["2" if pool == "spatial" else "3"] = nn.Linear(hidden, layout.out_channels)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """Logits of the classes.

        Arguments:
            x: Noisy images, shape (N, read, H, W).
            t: Noise levels from 0 to 999, shape (N,) or ().
        """
        features = silu_(self.time_embedding(sinusoid(t.reshape(-1), self.layout.channels).to(x.dtype)))
        left: list[Tensor] = []
        h = self.run(x, zip(self.time_projections.parts(features), strict=True), left)
        if self.pool in ("adaptive", "attention"):
            h = silu_(rows.group_norm(self.out["0"], h))  # type: ignore[arg-type]  # a ModuleDict forgets types
            answer: Tensor = self.out["2"](h) if self.pool == "attention" else self._linear("3", h.mean((2, 3)))
            return answer
        h = self._linear("0", torch.cat([one.mean((2, 3)) for one in (*left, h)], 1))
        if self.pool == "spatial":
            return self._linear("2", _relu(h))
        return self._linear("3", silu_(self.out["1"](h)))

    def _linear(self, name: str, x: Tensor) -> Tensor:
        return rows.linear(self.out[name], x)  # type: ignore[arg-type]  # a ModuleDict forgets types


class AttentionPool(nn.Module):
    """Attention of the mean of all places to them: (N, C, side, side) to (N, written)."""

    def __init__(self, channels: int, heads: int, side: int, out_channels: int) -> None:
        super().__init__()
        self.heads = heads
        self.positional_embedding = nn.Parameter(torch.empty(channels, side * side + 1))
        self.qkv_proj = nn.Linear(channels, 3 * channels)
        self.c_proj = nn.Linear(channels, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        places = x.flatten(2)
        places = torch.cat((places.mean(-1, keepdim=True), places), -1) + self.positional_embedding
        qkv = rows.linear(self.qkv_proj, places.transpose(1, 2).contiguous())
        q, k, v = qkv.unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        seen = rows.attention(q, k, v)[:, :, :1]  # the mean's own answer alone is used
        return rows.linear(self.c_proj, seen.transpose(1, 2).flatten(1))


def encoder(file: WeightFile, build: Callable[[], Encoder], layout: Layout, heads: Heads) -> LazyNetwork[Encoder]:
    """The classifier in a file, which ``build`` makes."""

    def names(weights: dict[str, Tensor]) -> dict[str, Tensor]:
        own = {name: weights.pop(name) for name in list(weights) if name.startswith("out.")}
        named = openai_names(
            weights, [layout.blocks] * len(layout.widths), heads=lambda _, channels: heads.of(channels, up=False)
        )
        return {**named, **own}

    return LazyNetwork(build, file, names)
