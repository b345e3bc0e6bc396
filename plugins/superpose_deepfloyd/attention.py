r"""Attention as DeepFloyd IF has it: pixels look at the words and at each other at once.

.. math::
    q = W_q \mathrm{GN}(x), \quad
    [k, v] = [\,W_{kv}^{text}\, \mathrm{GN}(c);\; W_{kv}\, \mathrm{GN}(x)\,], \quad
    y = x + W_o\, \mathrm{softmax}(q k^\top / \sqrt{d})\, v

The norm of the words c takes its statistics over all tokens, padding included, which is why prompts are padded to the
length that the network was trained with. (Saharia et al. 2022, arXiv:2205.11487, and GLIDE, arXiv:2112.10741.)
"""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn

from superpose import attend, left_out
from superpose_deepfloyd.config import TEXT_GROUPS
from superpose_networks import Tappable, fused_linear, rows


class TextAttention(Tappable):
    """Attention of pixels (N, C, H, W) to words (N, L, context) and to each other; the answer is shaped as the pixels.

    Arguments:
        channels: C; a multiple of ``groups`` and of ``head_width``.
        context: Features of a word.
        head_width: Features of a head.
        groups: Of the norm of the pixels.
        looks_at_pixels: False to look at the words alone.
        norms_text: Whether the words are normed, all tokens of a prompt together.
    """

    def __init__(
        self, channels: int, context: int, head_width: int, *, groups: int, looks_at_pixels: bool, norms_text: bool
    ) -> None:
        super().__init__("joint" if looks_at_pixels else "cross", block=True)
        self.heads, self.looks_at_pixels = channels // head_width, looks_at_pixels
        self.group_norm = nn.GroupNorm(groups, channels)
        self.norm_cross = nn.GroupNorm(TEXT_GROUPS, context) if norms_text else None
        if looks_at_pixels:
            fused_linear(self, "to_qkv", ("to_q", "to_k", "to_v"), nn.Linear(channels, 3 * channels))
        else:
            self.to_q = nn.Linear(channels, channels)
        self.add_kv = fused_linear(self, "add_kv", ("add_k_proj", "add_v_proj"), nn.Linear(context, 2 * channels))
        self.to_out = nn.Sequential(nn.Linear(channels, channels))  # so that it is called "to_out.0"

    def forward(self, x: Tensor, tokens: Tensor) -> Tensor:
        if left_out(self.block):
            return x
        h = rows.group_norm(self.group_norm, x)
        # Pixels before channels: no copy is made where x is in channels_last memory.
        h = h.permute(0, 2, 3, 1).flatten(1, 2)
        if self.norm_cross is not None:
            tokens = rows.group_norm(self.norm_cross, tokens.transpose(1, 2)[..., None])[..., 0].transpose(1, 2)
        kv = rows.linear(self.add_kv, tokens.contiguous())
        if self.looks_at_pixels:
            qkv = rows.linear(cast(nn.Linear, self.to_qkv), h)
            q = qkv[..., : x.shape[1]]
            kv = torch.cat((kv, qkv[..., x.shape[1] :]), dim=1)
        else:
            q = rows.linear(self.to_q, h)
        q, k, v = (one.unflatten(-1, (self.heads, -1)).transpose(1, 2) for one in (q, *kv.chunk(2, -1)))
        answers = attend(self.site, q, k, v, rows.attention, words=tokens.shape[1], grid=(x.shape[2], x.shape[3]))
        seen = answers.transpose(1, 2).flatten(2)
        h = rows.linear(cast(nn.Linear, self.to_out[0]), seen)
        answer: Tensor = h.unflatten(1, x.shape[2:]).permute(0, 3, 1, 2).add_(x)
        return answer


class TextPooling(nn.Module):
    """One vector for a whole prompt: (N, L, width) states of the text encoder to (N, features).

    Each head asks for the mean of the tokens, and looks at the mean and at every token, padding included.
    """

    def __init__(self, width: int, features: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(features)
        self.pool = _Pool(width, heads)
        self.proj = nn.Linear(width, features)

    def forward(self, states: Tensor) -> Tensor:
        pooled: Tensor = self.norm2(rows.linear(self.proj, self.pool(self.norm1(states))))
        return pooled


class _Pool(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.positional_embedding = nn.Parameter(torch.randn(1, width) / math.sqrt(width))
        self.q_proj, self.k_proj, self.v_proj = (nn.Linear(width, width) for _ in range(3))

    def forward(self, states: Tensor) -> Tensor:
        mean = states.mean(1, keepdim=True) + self.positional_embedding
        every = torch.cat((mean, states), 1)
        asked = (self.q_proj, mean), (self.k_proj, every), (self.v_proj, every)
        q, k, v = (rows.linear(ask, x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for ask, x in asked)
        return rows.attention(q, k, v).flatten(1)
