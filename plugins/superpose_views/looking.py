"""Looking at a part of an image: a rectangle of it, which may go round its edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose import View, enlarged

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Picture, Shape

#: A rectangle: its top, left, height and width, in pixels.
Place = tuple[int, int, int, int]


@attrs.frozen(kw_only=True)
class Looking(View):
    """One rectangle of an image whose size is known.

    Attributes:
        top, left: Its first row and column.
        height, width: Its sides; past an edge of the image it goes on at the other.
        whole: Height and width of the image.
        blend: How its word counts: the same everywhere in it, or ``feathered``, less towards its edges.
    """

    kind = "window"
    top: int
    left: int
    height: int
    width: int
    whole: tuple[int, int]
    blend: str = "even"

    def apply(self, x: Tensor) -> Tensor:
        """The rectangle; the very image where that is all of it."""
        for dimension, first, length in ((-2, self.top, self.height), (-1, self.left, self.width)):
            x = _taken(x, dimension, first, length)
        return x

    def invert(self, x: Tensor) -> Tensor:
        """The image that has the rectangle, and is 0 elsewhere."""
        tall, wide = self.whole
        for dimension, first, length, size in ((-2, self.top, self.height, tall), (-1, self.left, self.width, wide)):
            x = _put(x, dimension, first, length, size)
        return x

    def share(self) -> Tensor | None:
        """1 or, feathered, as much as a tent over the rectangle; 0 outside."""
        import torch  # plugins import no torch until they are used

        if self.blend == "even" and (self.height, self.width) == self.whole:
            return None
        down, along = (
            torch.ones(side, dtype=torch.float64) if self.blend == "even" else _tent(side)
            for side in (self.height, self.width)
        )
        return self.invert(torch.outer(down, along)[None, None])[0, 0]

    def frame(self, image: Picture, u: float, zoom: int = 1) -> Picture:
        """The image, and from the middle of the way on what is seen of it."""
        return enlarged(image if u < 0.5 else crop(image, (self.top, self.left, self.height, self.width)), zoom)


def crop(image: Picture, place: Place) -> Picture:
    """A rectangle of a picture, without torch; past an edge it goes on at the other."""
    top, left, height, width = place
    rows, columns = range(top, top + height), range(left, left + width)
    return image.take(rows, axis=-2, mode="wrap").take(columns, axis=-1, mode="wrap")


def lacking(shape: Shape, place: Place) -> str | None:
    """What a rectangle asks for that an image of that size has not; None where it has all."""
    (_, tall, wide), (top, left, height, width) = shape, place
    if top + height > tall or left + width > wide:
        return f"shows rows {top} to {top + height - 1}, columns {left} to {left + width - 1} of a {tall}x{wide} image"
    return None


def _taken(x: Tensor, dimension: int, first: int, length: int) -> Tensor:
    import torch

    size = x.shape[dimension]
    if first == 0 and length == size:
        return x
    # Contiguous, so that networks go the same way, and give the same bits, as for an image of that size.
    if first + length <= size:
        return x.narrow(dimension, first, length).contiguous()
    rest = first + length - size
    return torch.cat((x.narrow(dimension, first, size - first), x.narrow(dimension, 0, rest)), dimension)


def _put(x: Tensor, dimension: int, first: int, length: int, size: int) -> Tensor:
    if first == 0 and length == size:
        return x
    shape = list(x.shape)
    shape[dimension] = size
    image = x.new_zeros(shape)
    fits = min(length, size - first)
    image.narrow(dimension, first, fits).copy_(x.narrow(dimension, 0, fits))
    if fits < length:
        image.narrow(dimension, 0, length - fits).copy_(x.narrow(dimension, fits, length - fits))
    return image


def _tent(side: int) -> Tensor:
    import torch

    place = torch.arange(side, dtype=torch.float64) + 0.5
    return torch.minimum(place, side - place) / (side / 2)
