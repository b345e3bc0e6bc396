"""JPEG as an operator, differentiable by looking straight through the rounding."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from superpose import Operator, Problem, option

if TYPE_CHECKING:
    import torch

    from superpose import BoundOperator, Shape


@attrs.frozen(kw_only=True)
class Jpeg(Operator):
    """JPEG's quantisation of blocks of 8 by 8, at full colour resolution; not linear.

    Its gradient is that without the rounding (straight-through). Methods that take gradients can restore from it.
    """

    kind = "jpeg"
    quality: int = option(10, doc="quality as libjpeg counts it", ge=1, le=100)

    @property
    def linear(self) -> bool:
        """False: it rounds."""
        return False

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """Images that are no whole blocks, or have no colours."""
        channels, height, width = shape
        if height % 8 or width % 8:
            yield Problem("", f"jpeg takes images of whole blocks of 8 by 8, not {height}x{width}")
        if channels not in (1, 3):
            yield Problem("", f"jpeg takes images of 1 or 3 channels, and these have {channels}")

    def bind(self, shape: Shape, device: torch.device | str = "cpu") -> BoundOperator:
        """The tables of that quality."""
        from superpose_operators.bound.quantised import Quantised

        return Quantised.of(shape, self.quality, device)
