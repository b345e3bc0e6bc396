r"""The residual block of diffusion U-Nets.

.. math:: y = \frac{1}{r} \big(S x + W_2\, a(\mathrm{GN}_2(W_1\, a(\mathrm{GN}_1(x)) + e_t))\big)

with time features :math:`e_t` added (Ho et al. 2020, arXiv:2006.11239) or, after the second norm, as a scale and a
shift, :math:`(1 + e_s) \mathrm{GN}_2(\cdot) + e_b` (Dhariwal & Nichol 2021, arXiv:2105.05233), whose blocks may also
resample both branches just before :math:`W_1`. A code :math:`z` of what the image shows scales once more, by
:math:`1 + z` (Preechakul et al. 2022, arXiv:2111.15640).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn

from superpose_networks import rows
from superpose_networks.activation import Activation, silu_
from superpose_networks.resampling import double, halve

TimeUse = Literal["add", "scale_shift"] | None
Resample = Literal["up", "down"] | Callable[[Tensor], Tensor] | None


class ResidualBlock(nn.Module):
    """Two convolutions beside a shortcut: (N, in_channels, H, W) to (N, out_channels, H', W').

    The map of the time features is not here but in ``TimeProjections``, one for the whole network.

    Arguments:
        in_channels: Channels read; a multiple of ``groups``.
        out_channels: Channels written; a multiple of ``groups``. A 1x1 convolution is the shortcut where they differ.
        groups: Of both group norms; a pair where they differ.
        eps: Of both group norms.
        activation: :math:`a`; may overwrite its argument.
        time: How the time features enter, None where there are none.
        resample: ``"up"`` doubles the sides, ``"down"`` halves them, by squares of pixels; or another map that does.
        dropout: Probability of dropping a value before the second convolution, in training.
        scale: :math:`r`, by which the sum is divided.
        project: Whether the shortcut is a 1x1 convolution though the channels don't change.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        groups: int | tuple[int, int] = 32,
        eps: float = 1e-5,
        activation: Activation = silu_,
        time: TimeUse = "add",
        resample: Resample = None,
        dropout: float = 0.0,
        scale: float = 1.0,
        project: bool = False,
    ) -> None:
        super().__init__()
        first, second = (groups, groups) if isinstance(groups, int) else groups
        self.norm1 = nn.GroupNorm(first, in_channels, eps)
        self.conv1 = nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1)
        self.norm2 = nn.GroupNorm(second, out_channels, eps)
        self.conv2 = nn.Conv2d(out_channels, out_channels, kernel_size=3, padding=1)
        project = project or in_channels != out_channels
        self.conv_shortcut = nn.Conv2d(in_channels, out_channels, 1) if project else None
        self.dropout = nn.Dropout(dropout) if dropout else None
        self.resample = {"up": double, "down": halve}[resample] if isinstance(resample, str) else resample
        self.activation, self.time, self.scale = activation, time, scale

    @property
    def time_width(self) -> int:
        """Number of time features that the block reads."""
        return {"add": 1, "scale_shift": 2, None: 0}[self.time] * self.conv1.out_channels

    def forward(self, x: Tensor, e: Tensor | None = None, z: Tensor | None = None) -> Tensor:
        """The block's answer.

        Arguments:
            x: Features, shape (N, in_channels, H, W).
            e: This block's share of the time features, shape (N or 1, time_width, 1, 1).
            z: This block's share of a code, shape (N or 1, out_channels, 1, 1); None where there is none.
        """
        h = self.activation(rows.group_norm(self.norm1, x))
        if self.resample is not None:
            x, h = self.resample(x), self.resample(h)
        h = self.conv1(h)
        if e is None or self.time is None:
            h = rows.group_norm(self.norm2, h)
        elif self.time == "add":
            h = rows.group_norm(self.norm2, h.add_(e))  # in place: no convolution needs its output to find a gradient
        else:
            scale, shift = e.chunk(2, dim=1)
            h = torch.addcmul(shift, rows.group_norm(self.norm2, h), scale + 1)
        if z is not None:
            h = h * (z + 1)
        h = self.activation(h)
        if self.dropout is not None:
            h = self.dropout(h)
        answer: Tensor = self.conv2(h).add_(
            x if self.conv_shortcut is None else rows.convolution_of_a_pixel(self.conv_shortcut, x)
        )
        return answer if self.scale == 1 else answer.div_(self.scale)
