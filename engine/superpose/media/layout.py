"""Layouts of contact sheets: tiles in rows, on pages that a screen shows at a glance."""

from __future__ import annotations

import math
from collections.abc import Sequence

import attrs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

TILE = 128  # smallest side of a picture that is shown by itself, in pixels


@attrs.frozen(kw_only=True)
class Layout:
    """Sizes of a page and of what is on it, in pixels.

    Attributes:
        tile: Shorter side of a tile at least: small images are enlarged by a whole factor.
        largest: And at most: larger images are made smaller.
        width: Of a page, roughly.
        height: Of a page, unless one sample is taller.
        gap: Between the tiles of a sample; twice as much between samples.
        label: Height of a line of text.
        font: Size of its letters.
        figures: Whether a mark has its figure beside it.
    """

    tile: int
    largest: int
    width: int
    height: int
    gap: int
    label: int
    font: int
    figures: bool

    @property
    def margin(self) -> int:
        """Around a sample."""
        return 2 * self.gap

    def tile_of(self, pixels: NDArray[np.uint8]) -> Image.Image:
        """A picture, (H, W, C), as a tile."""
        tile = enlarged(pixels, self.tile)
        factor = self.largest / min(tile.size)
        if factor >= 1:
            return tile
        return tile.resize((round(tile.width * factor), round(tile.height * factor)), Image.Resampling.LANCZOS)

    def cell(self, tiles: Sequence[Image.Image]) -> tuple[int, int]:
        """Width and height of a sample with a line above and below it."""
        width = sum(tile.width for tile in tiles) + self.gap * (len(tiles) - 1)
        return width, max(tile.height for tile in tiles) + 2 * self.label

    def columns(self, width: int) -> int:
        """Samples beside each other that are so wide."""
        return max(1, self.width // (width + self.margin))

    def per_page(self, tiles: Sequence[Image.Image]) -> int:
        """Samples of such tiles that a page holds."""
        width, height = self.cell(tiles)
        return self.columns(width) * max(1, (self.height - self.margin) // (height + self.margin))


#: Of as many samples as one page holds.
ROOMY = Layout(tile=TILE, largest=256, width=1000, height=2000, gap=8, label=18, font=13, figures=True)
#: Of more.
DENSE = Layout(tile=64, largest=128, width=1600, height=2000, gap=4, label=14, font=10, figures=False)


def enlarged(pixels: NDArray[np.uint8], least: int = TILE) -> Image.Image:
    """A picture, (H, W, C), enlarged by a whole factor until no side of it is shorter than ``least``."""
    image = Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels).convert("RGB")
    factor = max(1, math.ceil(least / min(image.size)))
    return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
