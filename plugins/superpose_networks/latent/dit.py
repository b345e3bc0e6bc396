r"""The diffusion transformer (Peebles and Xie 2023, arXiv:2212.09748): patches of a latent that look at each other.

With features :math:`c = \mathrm{silu}(e_t + e_y)` of time and class, each block computes

.. math::
    [\beta_1, \gamma_1, \alpha_1, \beta_2, \gamma_2, \alpha_2] = W c, \quad
    h \leftarrow h + \alpha_1 \mathrm{attn}\big((1 + \gamma_1) \mathrm{LN}(h) + \beta_1\big), \quad
    h \leftarrow h + \alpha_2 \mathrm{mlp}\big((1 + \gamma_2) \mathrm{LN}(h) + \beta_2\big)

Names of parameters are those of diffusers, which gives every block its own embedding of time and class and lets the
last layer read the first block's. The paper's code has one for all: its files are read as that one, many times.
"""

from __future__ import annotations

from functools import partial
from typing import cast

import attrs
import torch
from torch import Tensor, nn

from superpose import left_out
from superpose_networks import rows
from superpose_networks.activation import silu_
from superpose_networks.embedding import TimeEmbedding, sinusoid
from superpose_networks.sites import Tappable
from superpose_networks.transformer import CrossAttention

_GELU = {
    "gelu": rows.pointwise(nn.functional.gelu),
    "gelu-approximate": rows.pointwise(partial(nn.functional.gelu, approximate="tanh")),
}


@attrs.frozen(kw_only=True)
class DiTConfig:
    """Configuration of a ``DiT``. Field names and defaults are those of ``DiTTransformer2DModel``.

    Raises:
        ValueError: One line that says what is not supported.
    """

    num_attention_heads: int = 16
    attention_head_dim: int = 72
    in_channels: int = 4
    out_channels: int | None = None
    num_layers: int = 28
    attention_bias: bool = True
    sample_size: int = 32
    patch_size: int = 2
    activation_fn: str = attrs.field(default="gelu-approximate", validator=attrs.validators.in_(tuple(_GELU)))
    num_embeds_ada_norm: int = 1000
    norm_elementwise_affine: bool = False
    norm_eps: float = 1e-5
    frequency_shift: float = 1.0  # ours: diffusers' sinusoids have 1, the paper's code has 0

    def __attrs_post_init__(self) -> None:
        for name in (
            "num_attention_heads",
            "attention_head_dim",
            "in_channels",
            "num_layers",
            "sample_size",
            "patch_size",
        ):
            if (number := getattr(self, name)) < 1:
                raise ValueError(f"{name} = {number} is not supported; supported: whole numbers from 1")
        if self.width % 4 or self.sample_size % self.patch_size:
            raise ValueError(
                f"{self.width} features and patches of {self.patch_size} on {self.sample_size} are not supported: "
                "features must be a multiple of 4, and patches must fit"
            )

    @property
    def width(self) -> int:
        """Features of a patch."""
        return self.num_attention_heads * self.attention_head_dim


class DiT(nn.Module):
    """The network of a noise predictor: latents (N, C, S, S), noise levels and classes to (N, C_out, S, S).

    Row i of the answer depends on row i of the arguments alone.

    Arguments:
        config: The checked configuration.
    """

    positions: Tensor

    def __init__(self, config: DiTConfig) -> None:
        super().__init__()
        self.config = config
        width, patch = config.width, config.patch_size
        self.answers = config.out_channels or config.in_channels
        self.pos_embed = Patches(config.in_channels, width, patch)
        self.transformer_blocks = nn.ModuleList(Block(config) for _ in range(config.num_layers))
        self.norm_out = nn.LayerNorm(width, 1e-6, elementwise_affine=False)
        self.proj_out_1 = nn.Linear(width, 2 * width)
        self.proj_out_2 = nn.Linear(width, patch * patch * self.answers)
        self.register_buffer("positions", places(config.sample_size // patch, width), persistent=False)

    def forward(self, x: Tensor, t: Tensor, labels: Tensor) -> Tensor:
        """The network's answer: what it was trained to predict, and its variance channels where it has them.

        Arguments:
            x: Noisy latents, shape (N, in_channels, S, S), S the size it was trained on.
            t: Noise levels, whole or fractional, shape (N,) or ().
            labels: Classes, shape (N,); ``num_embeds_ada_norm`` is none of them.
        """
        n, grid, patch = len(x), self.config.sample_size // self.config.patch_size, self.config.patch_size
        waves = sinusoid(t.reshape(-1), 256, shift=self.config.frequency_shift).to(x.dtype)
        h = (self.pos_embed(x) + self.positions).to(x.dtype)
        conditioned = [cast(Block, block).norm1.emb(waves, labels) for block in self.transformer_blocks]
        for block, features in zip(self.transformer_blocks, conditioned, strict=True):
            h = block(h, features)
        shift, scale = rows.linear(self.proj_out_1, conditioned[0])[:, None].chunk(2, dim=-1)
        h = rows.linear(self.proj_out_2, modulated(self.norm_out(h), shift, scale))
        h = h.view(n, grid, grid, patch, patch, self.answers).permute(0, 5, 1, 3, 2, 4)
        return h.reshape(n, self.answers, grid * patch, grid * patch)


class Patches(nn.Module):
    """Squares of a latent (N, C, S, S) as features (N, L, width)."""

    def __init__(self, channels: int, width: int, patch: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(channels, width, patch, stride=patch)

    def forward(self, x: Tensor) -> Tensor:
        features: Tensor = self.proj(x)
        return features.flatten(2).transpose(1, 2)


class Block(Tappable):
    """Attention and a feed-forward map, both told time and class: (N, L, width) to the same."""

    def __init__(self, config: DiTConfig) -> None:
        super().__init__(block=True)
        width = config.width
        self.norm1 = AdaptiveNorm(config.num_embeds_ada_norm + 1, width)
        self.attn1 = CrossAttention(
            width, config.num_attention_heads, config.attention_head_dim, bias=config.attention_bias
        )
        self.norm3 = nn.LayerNorm(width, config.norm_eps, config.norm_elementwise_affine)
        self.ff = Wide(width, config.activation_fn)

    def forward(self, h: Tensor, features: Tensor) -> Tensor:
        """The block's answer, for features (N, width) of time and class."""
        if left_out(self.block):
            return h
        conditioned = rows.linear(self.norm1.linear, features)[:, None].chunk(6, dim=-1)
        h = self.attn1(modulated(self.norm1.norm(h), conditioned[0], conditioned[1])).mul_(conditioned[2]).add_(h)
        answer: Tensor = self.ff(modulated(self.norm3(h), conditioned[3], conditioned[4])).mul_(conditioned[5]).add_(h)
        return answer


class AdaptiveNorm(nn.Module):
    """The first norm of a block, and what the whole block is told."""

    def __init__(self, classes: int, width: int) -> None:
        super().__init__()
        self.emb = Embedding(classes, width)
        self.linear = nn.Linear(width, 6 * width)
        self.norm = nn.LayerNorm(width, 1e-6, elementwise_affine=False)


class Embedding(nn.Module):
    """Time and class as features: sinusoids (N, 256) or (1, 256) and classes (N,) to (N, width), after their SiLU."""

    def __init__(self, classes: int, width: int) -> None:
        super().__init__()
        self.timestep_embedder = TimeEmbedding(256, width)
        self.class_embedder = nn.ModuleDict({"embedding_table": nn.Embedding(classes, width)})

    def forward(self, waves: Tensor, labels: Tensor) -> Tensor:
        return silu_(self.timestep_embedder(waves) + self.class_embedder["embedding_table"](labels))


class Wide(nn.Module):
    """Two linear maps with a GELU between, four times as wide: (N, L, width) to the same."""

    def __init__(self, width: int, activation: str) -> None:
        super().__init__()
        up = nn.ModuleDict({"proj": nn.Linear(width, 4 * width)})
        self.net = nn.ModuleDict({"0": up, "2": nn.Linear(4 * width, width)})  # so that they are called that
        self.activation = _GELU[activation]

    def forward(self, h: Tensor) -> Tensor:
        up = cast(nn.Linear, cast(nn.ModuleDict, self.net["0"])["proj"])
        return rows.linear(cast(nn.Linear, self.net["2"]), self.activation(rows.linear(up, h)))


def modulated(h: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """``h * (1 + scale) + shift``, written over h."""
    return h.mul_(1 + scale).add_(shift)


def places(grid: int, width: int) -> Tensor:
    """Sinusoids of every patch's column and row, shape (grid * grid, width): half the features each."""
    quarter = width // 4
    angle = torch.outer(
        torch.arange(grid, dtype=torch.float64, device="cpu"),
        10_000.0 ** (-torch.arange(quarter, dtype=torch.float64, device="cpu") / quarter),
    )
    waves = torch.cat([angle.sin(), angle.cos()], dim=1)
    both = [waves.repeat(grid, 1), waves.repeat_interleave(grid, 0)]
    return torch.cat(both, dim=1).float()
