r"""The Laplacian pyramid: bands of frequencies an octave apart (Burt and Adelson 1983).

Each level :math:`g_{k+1} = \downarrow g_k` is the one before, blurred and halved; each band is what enlarging it again
does not give back, :math:`g_k - \uparrow g_{k+1}`, itself enlarged to the whole. The sums telescope, so that the bands
sum to the image whatever the filters are, on every size.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

from superpose import Decomposition, option
from superpose_decompositions.blur import convolved

if TYPE_CHECKING:
    from torch import Tensor

#: The right half of Burt and Adelson's kernel, its middle first.
_KERNEL = (6 / 16, 4 / 16, 1 / 16)


@attrs.frozen(kw_only=True)
class Laplacian(Decomposition):
    """Bands of frequencies, each about an octave: the lowest is what is left of the image when it is made small.

    There are as many parts as ``bands``: ``band-0`` is the lowest, each further one is an octave above. They overlap
    smoothly, as the two of ``hybrid`` do. In a cascade the highest takes what a larger image has beyond it.
    """

    kind = "laplacian"
    papers = ("doi 10.1109/TCOM.1983.1095851", "arXiv 2506.19713")
    bands: int = option(3, doc="number of bands", ge=2, le=8)
    octaves: int = option(1, doc="octaves that the highest band has", ge=1, le=8)

    @property
    def names(self) -> tuple[str, ...]:
        """A name for each band, the lowest first: ``band-0``, ``band-1``, ..."""
        return tuple(f"band-{i}" for i in range(self.bands))

    def split(self, x: Tensor) -> tuple[Tensor, ...]:
        """The bands, the lowest first."""
        levels = [x]
        for _ in range(self._depth):
            levels.append(_halved(levels[-1]))
        sizes = [(level.shape[-2], level.shape[-1]) for level in levels]
        # What is left of the image at the lowest level of each band, enlarged to the whole.
        wholes = [_enlarged(levels[k], sizes[:k]) for k in range(self._depth, self.octaves - 1, -1)]
        return (wholes[0], *(high - low for low, high in zip(wholes, [*wholes[1:], x], strict=True)))

    def refuses(self, channels: int, height: int, width: int) -> str | None:
        """An image can't be halved for ever."""
        del channels
        if min(height, width) >= 2**self._depth:
            return None
        return (
            f"laplacian can't halve {height}x{width} images {self._depth} times: use "
            f"bands = {max(2, int(math.log2(min(height, width))) - self.octaves + 2)} or fewer, or octaves = 1"
        )

    def scaled(self, factor: float) -> Laplacian:
        """The same bands of an image ``factor`` times as large."""
        return attrs.evolve(self, octaves=max(1, self.octaves + round(math.log2(factor))))

    @property
    def _depth(self) -> int:
        """Times that the image is halved."""
        return self.octaves + self.bands - 2


def _halved(x: Tensor) -> Tensor:
    """Images blurred, and each pair of rows and columns averaged; a last one without a partner stands alone."""
    for dimension in (-1, -2):
        x = convolved(x, dimension, _KERNEL)
        size = x.shape[dimension]
        first = x.narrow(dimension, 0, size - size % 2).unflatten(dimension, (size // 2, 2))
        pairs = (first.select(dimension, 0) + first.select(dimension, 1)) / 2
        x = pairs if size % 2 == 0 else _joined(pairs, x.narrow(dimension, size - 1, 1), dimension)
    return x


def _enlarged(x: Tensor, sizes: list[tuple[int, int]]) -> Tensor:
    """Images doubled linearly and blurred, once for each of ``sizes``, the largest of which is the first."""
    for height, width in reversed(sizes):
        for dimension, size in ((-1, width), (-2, height)):
            x = convolved(_doubled(x, dimension, size), dimension, _KERNEL)
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
