"""The base of views that look at parts of an image."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from superpose import LawError, View, enlarged
from superpose_views.looking import crop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from superpose import Picture, Shape
    from superpose_views.looking import Looking, Place


class Windowed(View):
    """A view of a rectangle of the image, through one window or through several that cover it."""

    partial = True

    @abstractmethod
    def place(self, height: int, width: int) -> Place:
        """The rectangle of an image of that size: top, left, height, width."""

    @abstractmethod
    def windows(self, shape: Shape) -> Sequence[Looking]:
        """The windows, for images of that size."""

    def apply(self, x: Tensor) -> Tensor:
        """The rectangle."""
        top, left, height, width = self.place(*x.shape[-2:])
        if (height, width) == tuple(x.shape[-2:]):
            return x  # so that what is asked of it is asked once with every other question about the image
        return x[..., top : top + height, left : left + width].contiguous()

    def invert(self, x: Tensor) -> Tensor:
        """``x`` itself, where that may be all of the image.

        Raises:
            LawError: If it is a part: how large the image is the windows know.
        """
        if self.place(*x.shape[-2:]) == (0, 0, *x.shape[-2:]):
            return x
        raise LawError(f"{self.kind} shows a part, and can't know of what: invert one of view.windows((C, H, W))")

    def frame(self, image: Picture, u: float, zoom: int = 1) -> Picture:
        """The image, and from the middle of the way on what is seen of it."""
        return enlarged(image if u < 0.5 else crop(image, self.place(*image.shape[-2:])), zoom)
