r"""Self-attention over the pixels of a feature map.

.. math::
    [q, k, v] = W_{qkv}\, \mathrm{GN}(x), \qquad
    y = \frac{1}{r} \big(x + W_o\, \mathrm{softmax}(q k^\top / \sqrt{d})\, v\big)

The rows of :math:`W_{qkv}` are ordered [q, k, v][head][d]. Files that keep three matrices are joined as they are read;
files with another order ([head][q, k, v][d] in legacy guided-diffusion) must be reordered by whoever knows that.
"""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from superpose import attend, left_out
from superpose_networks import rows
from superpose_networks.fused_linear import fused_linear
from superpose_networks.sites import Tappable


class AttentionBlock(Tappable):
    """Every pixel looks at every pixel of its own image: (N, C, H, W) to the same shape.

    Its ``state_dict`` has the published names ``to_q, to_k, to_v, to_out.0`` and ``group_norm``.

    Arguments:
        channels: :math:`C`; a multiple of ``groups``.
        head_width: :math:`d`. There are ``channels // head_width`` heads; a rest gets none, as in the published code.
        groups: Of the group norm; None for no norm.
        eps: Of the group norm.
        scale: :math:`r`, by which the sum is divided.

    Raises:
        ValueError: When a head is wider than the channels.
    """

    def __init__(
        self, channels: int, head_width: int, *, groups: int | None = 32, eps: float = 1e-5, scale: float = 1.0
    ) -> None:
        super().__init__("self", block=True)
        if head_width > channels:
            raise ValueError(f"an attention head of width {head_width} does not fit {channels} channels")
        self.heads = channels // head_width
        self.scale = scale
        inner = self.heads * head_width
        self.group_norm = nn.GroupNorm(groups, channels, eps) if groups is not None else None
        self.to_qkv = fused_linear(self, "to_qkv", ("to_q", "to_k", "to_v"), nn.Linear(channels, 3 * inner))
        self.to_out = nn.Sequential(nn.Linear(inner, channels))  # so that it is called "to_out.0"

    def forward(self, x: Tensor) -> Tensor:
        if left_out(self.block):
            return x
        n, c, height, width = x.shape
        h = x if self.group_norm is None else rows.group_norm(self.group_norm, x)
        # Pixels before channels: no copy is made where x is in channels_last memory.
        qkv = rows.linear(self.to_qkv, h.permute(0, 2, 3, 1).reshape(n, height * width, c))
        q, k, v = qkv.view(n, height * width, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        seen = attend(self.site, q, k, v, _kernel, grid=(height, width))
        h = rows.linear(cast(nn.Linear, self.to_out[0]), seen.transpose(1, 2).reshape(n, height * width, -1))
        h = h.view(n, height, width, c).permute(0, 3, 1, 2).add_(x)
        return h if self.scale == 1 else h.div_(self.scale)


def _kernel(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    return nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
