r"""The Laplacian pyramid: bands of frequencies an octave apart (Burt and Adelson 1983).

Each level :math:`g_{k+1} = \downarrow g_k` is the one before, blurred and halved; each band is what enlarging it again
does not give back, :math:`g_k - \uparrow g_{k+1}`, itself enlarged to the whole. The sums telescope, so that the bands
sum to the image whatever the filters are, on every size.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import attrs
import numpy as np

from superpose_decompositions.blur import convolved, convolved_picture
from superpose_decompositions.octaves import Octaves

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Picture

#: The right half of Burt and Adelson's kernel, its middle first.
_KERNEL = (6 / 16, 4 / 16, 1 / 16)


@attrs.frozen(kw_only=True)
class Laplacian(Octaves):
    """Bands of frequencies, each about an octave: the lowest is what is left of the image when it is made small.

    There are as many parts as ``bands``: ``band-0`` is the lowest, each further one is an octave above. They overlap
    smoothly, as the two of ``hybrid`` do. In a cascade the highest takes what a larger image has beyond it.
    """

    kind = "laplacian"
    papers = ("doi 10.1109/TCOM.1983.1095851", "arXiv 2506.19713")

    def coarser(self, x: Tensor, times: range) -> list[Tensor]:
        """The images made small, enlarged to the whole."""
        levels = _made_small(x, max(times))
        return [_enlarged(levels[k], x, k) for k in times]

    def analysis(self, x: Tensor) -> tuple[Tensor, ...]:
        """The levels of the pyramid, each in its own size, the lowest first."""
        small = _made_small(x, self.octaves + self.bands - 2)
        kept = [x, *small[self.octaves :]]
        levels = [kept[0] - _enlarged(kept[1], x, self.octaves)]
        levels += [high - _enlarged(low, high, 1) for high, low in pairwise(kept[1:])]
        return kept[-1], *reversed(levels)

    def synthesis(self, coefficients: Sequence[Tensor]) -> Tensor:
        """The levels put together, from the lowest on."""
        image, *levels, highest = coefficients
        for level in levels:
            image = _enlarged(image, level, 1) + level
        return _enlarged(image, highest, self.octaves) + highest

    def coarse(self, image: Picture, times: int) -> Picture:
        """A level of the pyramid of a picture."""
        sizes = []
        for _ in range(times):
            sizes.append(image.shape[-2:])
            for axis in (-1, -2):
                image = _half(convolved_picture(image, axis, _KERNEL), axis)
        for height, width in reversed(sizes):
            for axis, size in ((-1, width), (-2, height)):
                image = convolved_picture(_double(image, axis, size), axis, _KERNEL)
        return image


def _half(image: Picture, axis: int) -> Picture:
    """Pairs averaged, as `_halved` has them."""
    lines = np.moveaxis(image, axis, -1)
    even = lines[..., ::2].copy()
    pairs = lines.shape[-1] // 2
    even[..., :pairs] = (even[..., :pairs] + lines[..., 1::2]) / 2
    return np.moveaxis(even, -1, axis)


def _double(image: Picture, axis: int, size: int) -> Picture:
    """Values doubled linearly, as `_doubled` has them."""
    lines = np.moveaxis(image, axis, -1)
    near = np.pad(lines, [(0, 0)] * (lines.ndim - 1) + [(1, 1)], "edge")
    pairs = np.stack([lines * 0.75 + near[..., :-2] * 0.25, lines * 0.75 + near[..., 2:] * 0.25], -1)
    return np.moveaxis(pairs.reshape(*lines.shape[:-1], -1)[..., :size], -1, axis)


def _halved(x: Tensor) -> Tensor:
    """Images blurred, and each pair of rows and columns averaged; a last one without a partner stands alone."""
    for dimension in (-1, -2):
        x = convolved(x, dimension, _KERNEL)
        size = x.shape[dimension]
        first = x.narrow(dimension, 0, size - size % 2).unflatten(dimension, (size // 2, 2))
        pairs = (first.select(dimension, 0) + first.select(dimension, 1)) / 2
        x = pairs if size % 2 == 0 else _joined(pairs, x.narrow(dimension, size - 1, 1), dimension)
    return x


def _made_small(x: Tensor, times: int) -> list[Tensor]:
    """Images halved 0, 1, ... ``times`` times."""
    levels = [x]
    for _ in range(times):
        levels.append(_halved(levels[-1]))
    return levels


def _enlarged(x: Tensor, like: Tensor, times: int) -> Tensor:
    """Images doubled linearly and blurred so many times, up to the size of ``like``, which was halved as many."""
    height, width = like.shape[-2:]
    for k in reversed(range(times)):
        for dimension, whole in ((-1, width), (-2, height)):
            x = convolved(_doubled(x, dimension, -(-whole // 2**k)), dimension, _KERNEL)
    return x


def _doubled(x: Tensor, dimension: int, size: int) -> Tensor:
    import torch  # plugins import no torch until they are used

    count = x.shape[dimension]
    before = _joined(x.narrow(dimension, 0, 1), x.narrow(dimension, 0, count - 1), dimension)
    after = _joined(x.narrow(dimension, 1, count - 1), x.narrow(dimension, count - 1, 1), dimension)
    pairs = torch.stack([x * 0.75 + before * 0.25, x * 0.75 + after * 0.25], dimension)
    return pairs.flatten(dimension - 1, dimension).narrow(dimension, 0, size)


def _joined(first: Tensor, second: Tensor, dimension: int) -> Tensor:
    import torch

    return torch.cat([first, second], dimension)
