"""The diffusion transformer in the words of its paper's code: the same modules and names, so that its files fit.

Written down again from the paper (arXiv 2212.09748) and the names in the published files, as plainly as can be.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class OriginalDiT(nn.Module):
    def __init__(self, size: int, patch: int, channels: int, width: int, depth: int, heads: int, classes: int) -> None:
        super().__init__()
        self.patch, self.out = patch, 2 * channels
        self.x_embedder = nn.Module()
        self.x_embedder.proj = nn.Conv2d(channels, width, patch, patch)
        self.t_embedder = nn.Module()
        self.t_embedder.mlp = nn.Sequential(nn.Linear(256, width), nn.SiLU(), nn.Linear(width, width))
        self.y_embedder = nn.Module()
        self.y_embedder.embedding_table = nn.Embedding(classes + 1, width)
        self.pos_embed = nn.Parameter(positions(size // patch, width)[None], requires_grad=False)
        self.blocks = nn.ModuleList(OriginalBlock(width, heads) for _ in range(depth))
        self.final_layer = nn.Module()
        self.final_layer.linear = nn.Linear(width, patch * patch * self.out)
        self.final_layer.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * width))

    def forward(self, x: Tensor, t: Tensor, y: Tensor) -> Tensor:
        h = self.x_embedder.proj(x).flatten(2).transpose(1, 2) + self.pos_embed
        frequencies = torch.exp(-math.log(10000) * torch.arange(128, dtype=torch.float32) / 128)
        angle = t[:, None].float() * frequencies[None]
        waves = torch.cat([torch.cos(angle), torch.sin(angle)], dim=-1).to(x.dtype)
        c = self.t_embedder.mlp(waves) + self.y_embedder.embedding_table(y)
        for block in self.blocks:
            h = block(h, c)
        shift, scale = self.final_layer.adaLN_modulation(c).chunk(2, dim=1)
        h = self.final_layer.linear(norm(h) * (1 + scale[:, None]) + shift[:, None])
        side = round(h.shape[1] ** 0.5)
        h = h.reshape(len(x), side, side, self.patch, self.patch, self.out)
        return torch.einsum("nhwpqc->nchpwq", h).reshape(len(x), self.out, side * self.patch, side * self.patch)


class OriginalBlock(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.attn = nn.Module()
        self.attn.qkv, self.attn.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Module()
        self.mlp.fc1, self.mlp.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 6 * width))

    def forward(self, h: Tensor, c: Tensor) -> Tensor:
        b1, g1, a1, b2, g2, a2 = (part[:, None] for part in self.adaLN_modulation(c).chunk(6, dim=1))
        seen = norm(h) * (1 + g1) + b1
        n, length, width = seen.shape
        q, k, v = self.attn.qkv(seen).reshape(n, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(-2, -1) * (width // self.heads) ** -0.5).softmax(dim=-1)
        h = h + a1 * self.attn.proj((weights @ v).transpose(1, 2).reshape(n, length, width))
        wide = nn.functional.gelu(self.mlp.fc1(norm(h) * (1 + g2) + b2), approximate="tanh")
        return h + a2 * self.mlp.fc2(wide)


def norm(h: Tensor) -> Tensor:
    return nn.functional.layer_norm(h, h.shape[-1:], eps=1e-6)


def positions(grid: int, width: int) -> Tensor:
    """Sinusoids of the column in the first half of the features, of the row in the second; sines first."""
    omega = 1 / 10000 ** (torch.arange(width // 4, dtype=torch.float64) / (width / 4))
    rows, columns = torch.meshgrid(torch.arange(grid), torch.arange(grid), indexing="ij")
    halves = []
    for place in (columns, rows):
        angle = place.reshape(-1, 1) * omega
        halves += [angle.sin(), angle.cos()]
    return torch.cat(halves, dim=1).float()
