"""Two pictures held against each other: in figures, and as a picture of what differs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

GAP = 8
GREY = 128  # where nothing differs


@attrs.frozen
class PictureDifference:
    """Figures of how much two pictures of one size differ, in 8-bit values.

    Attributes:
        pixels: Share of the pixels that differ at all.
        largest: The largest difference of a channel.
        mean: Mean absolute difference.
        psnr: Peak signal-to-noise ratio in decibels; infinite where nothing differs.
    """

    pixels: float
    largest: int
    mean: float
    psnr: float

    @classmethod
    def of(cls, one: NDArray[np.uint8], two: NDArray[np.uint8]) -> PictureDifference:
        """The figures of two pictures of one shape, (H, W, C)."""
        apart = np.abs(one.astype(np.int64) - two)
        square = float((apart**2).mean())
        psnr = 10 * math.log10(255**2 / square) if square else math.inf
        return cls(float(apart.any(-1).mean()), int(apart.max()), float(apart.mean()), psnr)

    def __str__(self) -> str:
        if not self.largest:
            return "the same pixels"
        return (
            f"{self.pixels:.1%} of the pixels differ, by {self.largest} of 255 at most and {self.mean:.2f} on average "
            f"(PSNR {self.psnr:.1f} dB)"
        )


def side_by_side(one: NDArray[np.uint8], two: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Both pictures and, right of them, their difference about mid-grey, as strong as 8 bits hold it."""
    apart = two.astype(np.int64) - one
    gain = (GREY - 1) / max(1, int(np.abs(apart).max()))
    gap = np.full((one.shape[0], GAP, one.shape[2]), 255, np.uint8)
    difference = (GREY + gain * apart).round().astype(np.uint8)
    return np.concatenate([one, gap, two, gap, difference], axis=1)
