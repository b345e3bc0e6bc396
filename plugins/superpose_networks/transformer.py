r"""Transformer blocks between the residual blocks of a U-Net: pixels look at each other, then at the words of a text.

.. math::
    h \leftarrow h + \mathrm{attn}(\mathrm{LN}(h)), \quad
    h \leftarrow h + \mathrm{attn}(\mathrm{LN}(h), c), \quad
    h \leftarrow h + W_2 \big(u \cdot \mathrm{gelu}(g)\big), \; [u, g] = W_1 \mathrm{LN}(h)

(Rombach et al. 2022, arXiv:2112.10752.) Names of parameters are those of CompVis' files, which diffusers kept.
"""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from superpose import attend, left_out
from superpose_networks import rows
from superpose_networks.fused_linear import fused_linear
from superpose_networks.sites import Tappable


class CrossAttention(Tappable):
    """Attention of (N, L, width) to itself, or to a context (N, M, context); its answer has shape (N, L, width).

    Arguments:
        width: Features of what asks.
        heads: Number of heads.
        head_width: Features of a head.
        context: Features of what is looked at; None to look at itself.
        bias: Whether q, k and v have biases.
    """

    def __init__(
        self, width: int, heads: int, head_width: int, context: int | None = None, *, bias: bool = False
    ) -> None:
        super().__init__("self" if context is None else "cross")
        self.heads, self.looks_out = heads, context is not None
        inner = heads * head_width
        if context is None:
            fused_linear(self, "to_qkv", ("to_q", "to_k", "to_v"), nn.Linear(width, 3 * inner, bias))
        else:
            self.to_q = nn.Linear(width, inner, bias)
            fused_linear(self, "to_kv", ("to_k", "to_v"), nn.Linear(context, 2 * inner, bias))
        self.to_out = nn.Sequential(nn.Linear(inner, width))  # so that it is called "to_out.0"

    def forward(self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """Attention of each place of x.

        Arguments:
            x: Shape (N, L, width).
            context: Shape (N, M, context); only for attention that looks out.
            mask: Added to the scores, or false where not to look; shape that broadcasts to (N, heads, L, M).
        """
        if self.looks_out:
            if context is None:
                raise ValueError("this attention looks at a context: give one")
            q = self._heads(rows.linear(self.to_q, x), 1)[0]
            k, v = self._heads(rows.linear(cast(nn.Linear, self.to_kv), context), 2)
        else:
            q, k, v = self._heads(rows.linear(cast(nn.Linear, self.to_qkv), x), 3)
        seen = attend(self.site, q, k, v, rows.attention, mask).transpose(1, 2).flatten(2)
        return rows.linear(cast(nn.Linear, self.to_out[0]), seen)

    def _heads(self, x: Tensor, parts: int) -> Tensor:
        """(N, L, parts * inner) to (parts, N, heads, L, head_width)."""
        apart: Tensor = x.unflatten(-1, (parts, self.heads, -1)).permute(2, 0, 3, 1, 4)
        return apart


class FeedForward(nn.Module):
    """Two linear maps with a gated GELU between (Shazeer 2020, arXiv:2002.05202): (N, L, width) to the same."""

    def __init__(self, width: int, factor: int = 4) -> None:
        super().__init__()
        self.net = nn.ModuleDict({"0": nn.ModuleDict({"proj": nn.Linear(width, 2 * factor * width)})})
        self.net["2"] = nn.Linear(factor * width, width)

    def forward(self, x: Tensor) -> Tensor:
        first = cast(nn.Linear, cast(nn.ModuleDict, self.net["0"])["proj"])
        value, gate = rows.linear(first, x).chunk(2, dim=-1)
        return rows.linear(cast(nn.Linear, self.net["2"]), value * _gelu(gate.contiguous()))


_gelu = rows.pointwise(nn.functional.gelu)


class TransformerBlock(Tappable):
    """Attention to itself, attention to the context (to itself again, where there is none), and a feed-forward map.

    With ``only_context`` both look at the context.
    """

    def __init__(
        self, width: int, heads: int, head_width: int, context: int | None = None, *, only_context: bool = False
    ) -> None:
        super().__init__(block=True)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(width) for _ in range(3))
        self.attn1 = CrossAttention(width, heads, head_width, context if only_context else None)
        self.attn2 = CrossAttention(width, heads, head_width, context)
        self.ff = FeedForward(width)

    def forward(self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """The block's answer: x of shape (N, L, width), context (N, M, context)."""
        if left_out(self.block):
            return x
        for norm, attention in ((self.norm1, self.attn1), (self.norm2, self.attn2)):
            x = x + (attention(norm(x), context, mask) if attention.looks_out else attention(norm(x)))
        answer: Tensor = x + self.ff(self.norm3(x))
        return answer


class SpatialTransformer(nn.Module):
    """Transformer blocks over the pixels of a feature map: (N, C, H, W) to the same shape.

    Arguments:
        channels: C; a multiple of ``groups``.
        heads: Number of heads.
        head_width: Features of a head; CompVis' files have ``heads * head_width == channels``.
        depth: Number of blocks.
        context: Features of a word of the context; None where there is none.
        groups: Of the group norm, whose eps is 1e-6 whatever the rest of the network has.
        only_context: Whether pixels never look at each other, but twice at the context.
    """

    def __init__(
        self,
        channels: int,
        heads: int,
        head_width: int,
        *,
        depth: int = 1,
        context: int | None = None,
        groups: int = 32,
        eps: float = 1e-6,
        only_context: bool = False,
    ) -> None:
        super().__init__()
        inner = heads * head_width
        self.norm = nn.GroupNorm(groups, channels, eps)
        # Files that keep these two as 1x1 convolutions are read as matrices: it is the same map.
        self.proj_in = nn.Linear(channels, inner)
        self.transformer_blocks = nn.ModuleList(
            TransformerBlock(inner, heads, head_width, context, only_context=only_context) for _ in range(depth)
        )
        self.proj_out = nn.Linear(inner, channels)

    def forward(self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """Look at the words.

        Arguments:
            x: Shape (N, C, H, W).
            context: Shape (N, M, context).
            mask: As in `CrossAttention`, for the context.
        """
        h = rows.group_norm(self.norm, x)
        # Pixels before channels: no copy is made where x is in channels_last memory.
        h = rows.linear(self.proj_in, h.permute(0, 2, 3, 1).flatten(1, 2))
        for block in self.transformer_blocks:
            h = block(h, context, mask)
        h = rows.linear(self.proj_out, h)
        answer: Tensor = h.unflatten(1, x.shape[2:]).permute(0, 3, 1, 2).add(x)
        return answer
