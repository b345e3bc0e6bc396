r"""A Vision Transformer that reads noisy images, to compare with `Reader` (Dosovitskiy et al. 2020, arXiv:2010.11929).

Squares of pixels are tokens, with a learned position each; before them stands one that tells the noise level:

.. math::
    h \leftarrow [\tau(t); W x_1 + p_1; \dots; W x_L + p_L], \quad
    h \leftarrow h + \mathrm{attn}(\mathrm{LN}(h)), \quad h \leftarrow h + \mathrm{ff}(\mathrm{LN}(h))

One matrix reads the scores from all squares, as `Reader` reads them from all places of its bottom. Read from a single
token, or from the mean of all, they stay at chance for hundreds of steps: a sum over squares says nothing of shapes
before the blocks have learned to look from one to another, and nothing teaches them to.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from superpose_networks import CrossAttention, FeedForward, TimeEmbedding, rows, silu_, sinusoid

#: Pixels of a token's sides, its features, blocks and heads.
SQUARE, WIDTH, DEPTH, HEADS = 8, 96, 4, 4


class VisionReader(nn.Module):
    """Noisy images (N, 3, H, W) and their noise levels to scores (N, classes).

    Row i of the answer depends on row i of the arguments alone.

    Arguments:
        classes: Their number.
        side: Of the images; a multiple of 8.
    """

    def __init__(self, classes: int, side: int = 64) -> None:
        super().__init__()
        self.time_embedding = TimeEmbedding(WIDTH, WIDTH)
        self.patches = nn.Linear(3 * SQUARE**2, WIDTH)
        # So small that what is seen in them after training is what was learned.
        nn.init.normal_(self.patches.weight, std=0.005)
        squares = (side // SQUARE) ** 2
        self.positions = nn.Parameter(torch.zeros(squares, WIDTH))
        self.blocks = nn.ModuleList(_Block() for _ in range(DEPTH))
        self.norm_out = nn.LayerNorm(WIDTH)
        self.linear_out = nn.Linear(squares * WIDTH, classes)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """Unnormalised log-probabilities of the classes; t is whole or fractional, shape (N,) or ()."""
        squares = nn.functional.pixel_unshuffle(x, SQUARE).flatten(2).transpose(1, 2).contiguous()
        tokens = rows.linear(self.patches, squares) + self.positions
        time = self.time_embedding(sinusoid(t.reshape(-1), WIDTH).to(tokens.dtype))
        h = torch.cat((silu_(time)[:, None].expand(len(x), -1, -1), tokens), 1)
        for block in self.blocks:
            h = block(h)
        scores: Tensor = rows.linear(self.linear_out, self.norm_out(h[:, 1:]).flatten(1))
        return scores


class _Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.attn = CrossAttention(WIDTH, HEADS, WIDTH // HEADS)
        self.ff = FeedForward(WIDTH, 2)

    def forward(self, h: Tensor) -> Tensor:
        h = h + self.attn(self.norm1(h))
        answer: Tensor = h + self.ff(self.norm2(h))
        return answer
