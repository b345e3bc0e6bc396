r"""Text encoders: words as they are read by the networks of latent diffusion.

One transformer serves all three families of files: tokens and places are looked up and added, then

.. math:: h \leftarrow h + \mathrm{attn}(\mathrm{LN}(h)), \qquad h \leftarrow h + W_2\, a(W_1\, \mathrm{LN}(h))

and a last norm. In CLIP (arXiv 2103.00020) and OpenCLIP a word sees only those before it; in the encoder of LDM's
text-to-image model every word sees all.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
import torch
from torch import Tensor, nn

from superpose_networks import CrossAttention, rows


def _quick_gelu(x: Tensor) -> Tensor:
    return x * torch.sigmoid(1.702 * x)


#: By the names that files use.
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "quick_gelu": rows.pointwise(_quick_gelu),
    "gelu": rows.pointwise(nn.functional.gelu),
}


@attrs.frozen(kw_only=True)
class TextShape:
    """Configuration of a text encoder.

    Attributes:
        words: Size of the vocabulary.
        length: Tokens of a prompt, padding included.
        width: Features of a word.
        layers: Their number.
        heads, head_width: Of every attention.
        inner: Features between the two maps of a layer.
        activation: Its name.
        causal: Whether a word sees only those before it.
        bias: Whether the maps to q, k and v have biases.
        eps: Of the norms.
    """

    words: int
    length: int
    width: int
    layers: int
    heads: int
    head_width: int
    inner: int
    activation: str = "quick_gelu"
    causal: bool = True
    bias: bool = True
    eps: float = 1e-5


class TextEncoder(nn.Module):
    """Token numbers (N, length) to features of words (N, length, width)."""

    def __init__(self, shape: TextShape) -> None:
        super().__init__()
        self.shape = shape
        self.token_embedding = nn.Embedding(shape.words, shape.width)
        self.position_embedding = nn.Embedding(shape.length, shape.width)
        self.layers = nn.ModuleList(_Layer(shape) for _ in range(shape.layers))
        self.final_norm = nn.LayerNorm(shape.width, shape.eps)

    def forward(self, tokens: Tensor) -> Tensor:
        length = tokens.shape[1]
        h = self.token_embedding(tokens) + self.position_embedding.weight[:length]
        mask = None
        if self.shape.causal:
            mask = torch.ones(1, 1, length, length, dtype=torch.bool, device=tokens.device).tril()
        for layer in self.layers:
            h = layer(h, mask)
        words: Tensor = self.final_norm(h)
        return words


class _Layer(nn.Module):
    def __init__(self, shape: TextShape) -> None:
        super().__init__()
        self.activation = ACTIVATIONS[shape.activation]
        self.norm1, self.norm2 = (nn.LayerNorm(shape.width, shape.eps) for _ in range(2))
        self.attn = CrossAttention(shape.width, shape.heads, shape.head_width, bias=shape.bias)
        self.fc1, self.fc2 = nn.Linear(shape.width, shape.inner), nn.Linear(shape.inner, shape.width)

    def forward(self, h: Tensor, mask: Tensor | None) -> Tensor:
        h = h + self.attn(self.norm1(h), mask=mask)
        inner = self.activation(rows.linear(self.fc1, self.norm2(h)))
        return h + rows.linear(self.fc2, inner)
