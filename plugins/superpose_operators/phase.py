"""Magnitudes of the Fourier transform, without phases: phase retrieval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose import Operator, option

if TYPE_CHECKING:
    import torch

    from superpose import BoundOperator, Shape


@attrs.frozen(kw_only=True)
class PhaseRetrieval(Operator):
    """The magnitudes of the Fourier transform of the image, black around it; not linear.

    Turned by 180 degrees the image says the same: sample several and choose.
    """

    kind = "phase-retrieval"
    papers = ("arXiv 2209.14687",)
    oversample: float = option(2.0, doc="each edge gets an eighth of so many times the size", ge=0, le=8)

    @property
    def linear(self) -> bool:
        """False: a magnitude is not."""
        return False

    def bind(self, shape: Shape, device: torch.device | str = "cpu") -> BoundOperator:
        """The sizes."""
        from superpose_operators.bound.magnitudes import Magnitudes

        del device
        channels, height, width = shape
        edges = tuple(round(self.oversample / 8 * size) for size in (height, width))
        return Magnitudes(shape, (channels, height + 2 * edges[0], width + 2 * edges[1]))
