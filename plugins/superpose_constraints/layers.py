r"""Stacks of images of one place, each showing the middle of the one before, larger (Generative Powers of Ten).

Level i + k shows the middle :math:`p^{-k}` of level i, :math:`p^k` times as large. *Rendering* puts the finer levels,
scaled down, into the middle of each coarser one. *Blending* makes each level the mean, band by band of a Laplacian
pyramid, of what the coarser levels say of the same place: their middles have its coarse bands alone (arXiv 2312.02149).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from torch import Tensor

    #: An image scaled down so many times.
    Shrink = Callable[[Tensor, int], Tensor]


def box(image: Tensor, times: int) -> Tensor:
    """The means of squares of ``times`` pixels a side: of white noise, times that, they are white noise again."""
    from torch.nn import functional  # plugins import no torch until they are used

    return functional.avg_pool2d(image, times)


def deepest(side: int, factor: int) -> int:
    """How many times a side can be divided, so that what is left lies on whole pixels in the middle."""
    depth, power = 0, factor
    while side % power == 0 and (side - side // power) % 2 == 0 and side // power >= 2:
        depth, power = depth + 1, power * factor
    return depth


@attrs.frozen
class Layers:
    """The arithmetic of a stack of levels, each of shape (N, C, H, W), the coarsest first.

    Attributes:
        factor: p, from level to level.
        depth: Levels that look into each other, at most.
        shrink: Scales an image down.
    """

    factor: int
    depth: int
    shrink: Shrink = box

    def rendered(self, levels: list[Tensor], gain: bool = False) -> list[Tensor]:
        """Each level with the finer ones in its middle; with ``gain``, of noise, as loud as it was."""
        found = []
        for i, level in enumerate(levels):
            image = level.clone()
            for k in range(1, min(self.depth, len(levels) - i - 1) + 1):
                times = self.factor**k
                small = self.shrink(levels[i + k], times)
                _middle(image, times).copy_(small * times if gain else small)
            found.append(image)
        return found

    def blended(self, levels: list[Tensor]) -> list[Tensor]:
        """Each level as it and the coarser ones see it, band by band."""
        found = []
        for i in range(len(levels)):
            depth = min(self.depth, i + 1)
            # The last bands of all are of one size; a middle of a coarser level lacks the finest.
            pyramids = [self._bands(_middle(levels[i - k], self.factor**k), depth - k) for k in range(depth)]
            image = None
            for band in range(1, depth + 1):
                mean = _mean([pyramid[-band] for pyramid in pyramids if len(pyramid) >= band])
                image = mean if image is None else _enlarged(image, mean) + mean
            found.append(levels[i] if image is None else image)
        return found

    def _bands(self, image: Tensor, count: int) -> list[Tensor]:
        bands = []
        for _ in range(count - 1):
            small = self.shrink(image, self.factor)
            bands.append(image - _enlarged(small, image))
            image = small
        return [*bands, image]


def _middle(image: Tensor, times: int) -> Tensor:
    """The middle of an image, so many times smaller: a part of the same memory."""
    height, width = image.shape[-2:]
    tall, wide = height // times, width // times
    top, left = (height - tall) // 2, (width - wide) // 2
    return image[..., top : top + tall, left : left + wide]


def _enlarged(image: Tensor, like: Tensor) -> Tensor:
    from torch.nn import functional

    return functional.interpolate(image, like.shape[-2:], mode="bilinear", antialias=True)


def _mean(images: list[Tensor]) -> Tensor:
    total = images[0]
    for image in images[1:]:
        total = total + image
    return total / len(images)
