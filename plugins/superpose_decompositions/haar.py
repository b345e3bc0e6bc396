r"""Haar wavelets: bands of blocks, each twice as large as those of the band above.

With :math:`A_k` the mean over blocks of :math:`2^k` pixels a side, the bands are :math:`A_{n}` and :math:`A_k -
A_{k+1}`. Blocks lie in larger blocks, so :math:`A_k A_m = A_{\max(k, m)}` and the bands are orthogonal projections; at
the right and lower border, where an image is no multiple of a block, blocks are smaller and that still holds.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import attrs
import numpy as np

from superpose_decompositions.octaves import Octaves

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from superpose import Picture


@attrs.frozen(kw_only=True)
class Haar(Octaves):
    """Bands of square blocks: ``band-0`` is the image as a coarse mosaic, each further band what finer tiles add.

    The parts are orthogonal projections: taking one twice changes nothing. In a cascade the highest takes what a larger
    image has beyond it.
    """

    kind = "haar"
    papers = ("doi 10.1007/BF01456326", "arXiv 2404.11615")

    def coarser(self, x: Tensor, times: range) -> list[Tensor]:
        """Mosaics of larger and larger tiles."""
        return [mosaic(x, 2**k) for k in times]

    def coarse(self, image: Picture, times: int) -> Picture:
        """A mosaic of a picture."""
        for axis in (-1, -2):
            size = image.shape[axis]
            starts = np.arange(0, size, 2**times)
            counts = np.diff([*starts, size])
            sums = np.moveaxis(np.add.reduceat(image, starts, axis), axis, -1) / counts
            image = np.moveaxis(sums.repeat(counts, -1), -1, axis)
        return image


def mosaic(x: Tensor, block: int) -> Tensor:
    """The mean of each block of ``block`` pixels a side, in the place of its pixels."""
    import torch  # plugins import no torch until they are used

    for dimension in (-1, -2):
        size = x.shape[dimension]
        starts = range(0, size, block)
        # Added one by one: a reduction may order its sum by the number of images, and with it their last bits.
        means = [
            _mean([x.narrow(dimension, start + i, 1) for i in range(min(block, size - start))]) for start in starts
        ]
        x = torch.cat(means, dimension).index_select(dimension, _blocks(size, block, x.device))
    return x


@lru_cache(maxsize=64)
def _blocks(size: int, block: int, device: torch.device) -> Tensor:
    """The block of each place."""
    import torch

    return torch.arange(size, device=device) // block


def _mean(lines: list[Tensor]) -> Tensor:
    total = lines[0].clone()
    for line in lines[1:]:
        total.add_(line)
    return total.div_(len(lines))
