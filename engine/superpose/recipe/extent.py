"""The table ``[canvas]``: what a sample is painted on, where that is not one image of the model."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

from superpose.kinds.kind import option

if TYPE_CHECKING:
    from superpose.estimate.tensors import Shape

#: Values of one channel of a canvas, at most.
LARGEST = 2**26


@attrs.frozen(kw_only=True)
class Extent:
    """Canvases of another size than the model's image, or several for each sample; networks see parts of them.

    Several canvases of a sample lie one below the other in one state, so that whatever acts on states acts on them: the
    scheduler moves all of them, noise is drawn for all, a saved state holds all. The view ``canvas`` shows one of them,
    and the views ``window`` and ``panorama`` parts of a larger one.
    """

    size: tuple[int, int] | None = option(
        None, doc="height and width of one canvas, in pixels, or places of the model's latent", ge=1, each=True
    )
    count: int = option(1, doc="canvases of each sample, one below the other", ge=1, le=256)

    def __attrs_post_init__(self) -> None:
        """Refuse what no memory holds."""
        if self.size is not None and self.count * math.prod(self.size) > LARGEST:
            raise ValueError(f"a canvas has at most {LARGEST:,} places: make it smaller")

    def over(self, shape: Shape) -> tuple[int, int, int]:
        """(C, H, W) of all canvases of a sample, where the images of the model have ``shape``."""
        channels, *own = shape
        height, width = self.size or own
        return channels, self.count * height, width

    def scaled(self, factor: float) -> Extent:
        """The same canvases, ``factor`` times as large, to whole places."""
        if self.size is None:
            return self
        height, width = (max(1, round(side * factor)) for side in self.size)
        return attrs.evolve(self, size=(height, width))
