"""Columns that slide."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from superpose import option
from superpose_views.permutation import Indices, Permutation, places

if TYPE_CHECKING:
    from superpose import Picture


@attrs.frozen(kw_only=True)
class Skew(Permutation):
    """Slides every column down by a multiple of its distance from the middle; what leaves below comes back above."""

    kind = "skew"
    papers = ("arXiv 2311.17919",)
    slope: float = option(1.5, doc="pixels a column slides further than its left neighbour", ge=-64, le=64)

    def sources(self, height: int, width: int) -> Indices:
        """Each column rolled by a whole number of pixels."""
        rows = (np.arange(height)[:, None] - self._slides(width)[None, :]) % height
        return np.take_along_axis(places(height, width), rows, 0).reshape(-1)

    def frame(self, image: Picture, u: float, zoom: int = 1) -> Picture:
        """The columns on their slides, all of which end at once."""
        channels, height, width = image.shape
        rows = ((np.arange(height * zoom) + 0.5) / zoom)[:, None] - u * self._slides(width)[None, :]
        # A row just below 0 is the last one; rounding might make it one more than there are.
        sources = np.minimum(np.floor(rows % height).astype(np.int64), height - 1)
        columns = np.take_along_axis(image, np.broadcast_to(sources, (channels, *sources.shape)), 1)
        return columns.repeat(zoom, 2)

    def _slides(self, width: int) -> Indices:
        """Pixels that each column slides down by."""
        slides: Indices = np.trunc(self.slope * (np.arange(width) - width // 2)).astype(np.int64)
        return slides
