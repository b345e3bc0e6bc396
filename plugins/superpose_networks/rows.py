"""Layers whose answer for a row does not depend, to the last bit, on which other rows are asked and where they stand.

Libraries choose a kernel by the size of the whole batch, and share work between cores and vector registers wherever the
count comes out. Either may change the order of a sum, or the code that computes an exponential, and with it the last
bit: a sample would not be the same beside other samples. The layers here take the library's way where that keeps rows
apart, and ask row by row where it does not.

3x3 convolutions are none of them, for oneDNN keeps their rows apart: in channels_last memory, which `ready` gives a
network, on x86 processors with AVX-512, AVX2 and without; in contiguous memory only with AVX2 or more (else last bits
move from 3 threads on). Of 50,000 random ones none moved. PyTorch's own convolutions, which it falls back to where it
was built without oneDNN, mix rows; there ``batch_size = 1`` in a recipe's ``[run]`` keeps samples apart.

All that is for processors, and for layers that are run one by one. On other devices, and where torch traces a network
to compile it, each layer is one call of the library's, so that a network is one graph: `apart` says which.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

# PyTorch on a CPU: group norm cuts rows in pieces from this many pixels, when pixels are stored before channels.
_CUTS_ROWS = 1024
# It shares a pointwise function between threads in pieces of at least this many numbers, ...
_PIECE = 32768
# ... and computes the last numbers of a piece by other code than all that fill this many (two vectors, at the longest).
_VECTORS = 64

# BLAS computes a matrix by other code if it does not begin at a multiple of this many bytes.
_ALIGNED = 64


def apart(x: Tensor) -> bool:
    """True where rows are to be kept apart here: on a processor, and not in compiled code, which `predict` asks so."""
    return x.device.type == "cpu" and not torch.compiler.is_compiling()


def linear(layer: nn.Linear, x: Tensor) -> Tensor:
    """``layer(x)`` for x of shape (N, width) or (N, L, width)."""
    if not apart(x) or _learning(layer):
        answer: Tensor = layer(x)
        return answer
    products = _products(x if x.dim() == 3 else x[:, None], layer.weight, layer.bias)
    return products if x.dim() == 3 else products[:, 0]


def convolution_of_a_pixel(layer: nn.Conv2d, x: Tensor) -> Tensor:
    """``layer(x)`` for a 1x1 convolution and x of shape (N, C, H, W)."""
    if not apart(x) or _learning(layer):
        answer: Tensor = layer(x)
        return answer
    n, c, height, width = x.shape
    pixels = x.permute(0, 2, 3, 1).reshape(n, height * width, c)
    pixels = _products(pixels, layer.weight[:, :, 0, 0], layer.bias)
    return pixels.view(n, height, width, -1).permute(0, 3, 1, 2)


def group_norm(layer: nn.GroupNorm, x: Tensor) -> Tensor:
    """``layer(x)`` for x of shape (N, C, H, W)."""
    shared = apart(x) and len(x) % torch.get_num_threads() != 0
    if shared and x.shape[2] * x.shape[3] >= _CUTS_ROWS and not x.is_contiguous():
        return torch.cat([layer(row) for row in x.split(1)])
    answer: Tensor = layer(x)
    return answer


def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """Scaled dot-product attention of q (N, heads, L, d) to k and v (N, heads, M, d); the mask is as torch has it."""

    def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        return nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)

    if not apart(q) or len(q) == 1:
        return attend(q, k, v, mask)
    if all(one.shape[-2] * one.shape[-1] * one.element_size() % _ALIGNED == 0 for one in (q, k, v)):
        return attend(q, k, v, mask)
    # Each row from memory of its own: where a row begins decides which code multiplies it.
    masks = [None] * len(q) if mask is None else [*mask.expand(len(q), *mask.shape[1:]).split(1)]
    each = zip(q.split(1), k.split(1), v.split(1), masks, strict=True)
    return torch.cat([attend(a.clone(), b.clone(), c.clone(), m) for a, b, c, m in each])


def pointwise(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """``function`` of every number of x, x of shape (N, ...)."""

    def each(x: Tensor) -> Tensor:
        if not apart(x) or len(x) == 1:
            return function(x)
        numbers = x.numel()
        pieces = max(1, min(torch.get_num_threads(), -(-numbers // _PIECE)))
        even = numbers % (len(x) * _VECTORS) == 0 and numbers % (pieces * _VECTORS) == 0
        return function(x) if even else torch.cat([function(row) for row in x.split(1)])

    return each


def _products(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Each row a matrix product of its own: (N, L, in) and (out, in) to (N, L, out)."""

    def product(rows: Tensor) -> Tensor:
        matrix = weight.t().expand(len(rows), -1, -1)
        return torch.bmm(rows, matrix) if bias is None else torch.baddbmm(bias, rows, matrix)

    row = x.shape[1] * x.element_size()
    if all(row * width % _ALIGNED == 0 for width in weight.shape):
        return product(x)
    return torch.cat([product(one.clone()) for one in x.split(1)])


def _learning(layer: nn.Linear | nn.Conv2d) -> bool:
    # A gradient for each row's copy of the weight would fill the memory.
    return torch.is_grad_enabled() and layer.weight.requires_grad
