"""Columns that slide."""

from __future__ import annotations

import attrs
import numpy as np

from superpose import option
from superpose_views.permutation import Indices, Permutation, places


@attrs.frozen(kw_only=True)
class Skew(Permutation):
    """Slides every column down by a multiple of its distance from the middle; what leaves below comes back above."""

    kind = "skew"
    papers = ("arXiv 2311.17919",)
    slope: float = option(1.5, doc="pixels a column slides further than its left neighbour", ge=-64, le=64)

    def sources(self, height: int, width: int) -> Indices:
        """Each column rolled by a whole number of pixels."""
        slides = np.trunc(self.slope * (np.arange(width) - width // 2)).astype(np.int64)
        rows = (np.arange(height)[:, None] - slides[None, :]) % height
        return np.take_along_axis(places(height, width), rows, 0).reshape(-1)
