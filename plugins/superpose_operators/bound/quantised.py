r"""Blocks of cosines, rounded to multiples: JPEG (ITU-T T.81, annexes A and K) without its entropy coding.

.. math:: \hat c = q\, \mathrm{round}(c / q), \qquad \partial \hat c / \partial c := 1
"""

from __future__ import annotations

import math

import attrs
import torch
from torch import Tensor

from superpose import BoundOperator, Shape
from superpose_operators.bound.rows import each, exact

#: Tables K.1 and K.2, at quality 50.
LUMINANCE = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip
CHROMINANCE = (
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99, *(99,) * 32,
)  # fmt: skip
#: From red, green and blue to brightness and two colours (JFIF), each in the same units.
JFIF = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))


@attrs.frozen(eq=False)
class Quantised(BoundOperator):
    """Images as JPEG leaves them.

    Attributes:
        shape: (C, H, W) of an image.
        tables: q of every channel, shape (C, 8, 8), for values from 0 to 255.
        colours: From red, green and blue, shape (3, 3); that of the one channel otherwise.
    """

    shape: Shape
    tables: Tensor
    colours: Tensor

    @classmethod
    def of(cls, shape: Shape, quality: int, device: torch.device | str) -> Quantised:
        """The tables of a quality as libjpeg scales them."""
        scale = 5000 // quality if quality < 50 else 200 - 2 * quality
        named = [LUMINANCE, CHROMINANCE, CHROMINANCE][: shape[0]]
        tables = torch.tensor(named).mul(scale).add(50).div(100, rounding_mode="floor").clamp(1, 255)
        colours = torch.tensor(JFIF if shape[0] == 3 else ((1.0,),), dtype=exact(device))
        return cls(shape, tables.view(-1, 8, 8).to(device, exact(device)), colours.to(device))

    @property
    def observed_shape(self) -> Shape:
        """As that of an image."""
        return self.shape

    def apply(self, x: Tensor) -> Tensor:
        """The decoded images."""
        return each(self._one, x)

    def _one(self, image: Tensor) -> Tensor:
        channels, height, width = self.shape
        there, tables, cosines = self.colours.to(image), self.tables.to(image), _cosines(image)
        seen = (
            (there @ ((image + 1) * 127.5 - 128).flatten(1))
            .view(channels, height // 8, 8, width // 8, 8)
            .transpose(2, 3)
        )
        scaled = cosines @ seen @ cosines.T / tables[:, None, None]
        rounded = scaled + (scaled.round() - scaled).detach()
        blocks = cosines.T @ (rounded * tables[:, None, None]) @ cosines
        back: Tensor = torch.linalg.inv(self.colours).to(image) @ blocks.transpose(2, 3).reshape(channels, -1)
        return (back.view(self.shape) + 128) / 127.5 - 1


def _cosines(like: Tensor) -> Tensor:
    """The orthonormal cosine transform of 8 values."""
    k, n = torch.arange(8, device=like.device)[:, None], torch.arange(8, device=like.device)
    matrix = torch.cos(math.pi * (2 * n + 1) * k / 16) / 2
    matrix[0] /= 2**0.5
    return matrix.to(like)
