r""":math:`|F P (x + 1) / 2|`, with P what puts black around an image."""

from __future__ import annotations

import attrs
import torch
from torch import Tensor

from superpose import BoundOperator, Shape
from superpose_operators.bound.rows import each


@attrs.frozen(eq=False)
class Magnitudes(BoundOperator):
    """Magnitudes of the frequencies of larger images with black around.

    Attributes:
        shape: (C, H, W) of an image.
        observed_shape: (C, h, w) of the larger one.
    """

    shape: Shape
    observed_shape: Shape

    def apply(self, x: Tensor) -> Tensor:
        """Their magnitudes, of the unitary transform."""
        (_, height, width), (_, tall, wide) = self.shape, self.observed_shape
        down, across = (tall - height) // 2, (wide - width) // 2

        def magnitudes(image: Tensor) -> Tensor:
            padded = torch.nn.functional.pad((image + 1) / 2, (across, across, down, down))
            found: Tensor = torch.fft.fft2(padded, norm="ortho")
            return found.abs()

        return each(magnitudes, x)
