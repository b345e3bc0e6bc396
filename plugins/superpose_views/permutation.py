"""Views that move pixels about: one table of indices each, made once a size and device and proven to be a bijection."""

from __future__ import annotations

import math
from abc import abstractmethod
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from superpose import Cutting, LawError, View, enlarged
from superpose_views.drawing import drawn
from superpose_views.outlines import Line, edges
from superpose_views.travel import Traveller, rigid, travellers

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from superpose import Picture

Indices = NDArray[np.int64]


class Permutation(View):
    """A view that shows at each place the pixel of another place, every pixel once.

    Such a view is orthogonal at once, and exact: no value is changed, so noise stays the noise it is.
    """

    @abstractmethod
    def sources(self, height: int, width: int) -> Indices:
        """For each place of the view, row by row, the place in the image that it shows: shape (height * width,)."""

    def cut(self, height: int, width: int) -> Indices:
        """The number of the piece that each place of the image belongs to, shape (height, width): what moves as one.

        Each pixel by itself, unless overridden.
        """
        return places(height, width)

    def fine_cut(self, height: int, width: int, zoom: int) -> Indices:
        """The same of the picture so many times as large; override it where cuts are not along the edges of pixels."""
        return self.cut(height, width).repeat(zoom, 0).repeat(zoom, 1)

    def lines(self, height: int, width: int) -> tuple[Line, ...]:
        """The lines between the pieces, in pixels of the picture: along their edges, unless overridden."""
        return edges(self.cut(height, width))

    def cutting(self, height: int, width: int, zoom: int = 1) -> Cutting | None:
        """The pieces, where they are more than single pixels."""
        cut = self.cut(height, width)
        numbers, labels = np.unique(cut, return_inverse=True)
        if len(numbers) in (1, height * width):
            return None
        pieces = rigid(_order(self, height, width), labels.reshape(cut.shape))
        fine = np.searchsorted(numbers, self.fine_cut(height, width, zoom))
        return Cutting(fine, pieces, self.lines(height, width), zoom)

    def size_at(self, u: float) -> float:
        """Size of a piece that is so far on its way: a little smaller, so that pieces can be told apart."""
        return 1 - 0.2 * math.sin(math.pi * u)

    def apply(self, x: Tensor) -> Tensor:
        """The images with their pixels moved."""
        height, width = x.shape[-2:]
        there, _ = _tables(self, height, width, x.device)
        return x.flatten(-2).index_select(-1, there).view(x.shape)

    def invert(self, x: Tensor) -> Tensor:
        """The images with their pixels moved back."""
        height, width = x.shape[-2:]
        _, back = _tables(self, height, width, x.device)
        return x.flatten(-2).index_select(-1, back).view(x.shape)

    def frame(self, image: Picture, u: float, zoom: int = 1) -> Picture:
        """The pieces on their ways."""
        channels, height, width = image.shape
        if u == 1:
            shown = image.reshape(channels, -1)[:, _order(self, height, width)]
            return enlarged(shown.reshape(image.shape), zoom)
        size = self.size_at(u)
        pieces = _travellers(self, height, width)
        return drawn(image, zoom, (piece.at(u, 1.0 if piece.stays else size) for piece in pieces))


@lru_cache(maxsize=64)
def _tables(view: Permutation, height: int, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    import torch  # plugins import no torch until they are used

    there = _order(view, height, width)
    back = np.argsort(there)
    return torch.from_numpy(there).to(device), torch.from_numpy(back).to(device)


@lru_cache(maxsize=16)
def _travellers(view: Permutation, height: int, width: int) -> list[Traveller]:
    return travellers(_order(view, height, width), view.cut(height, width))


def _order(view: Permutation, height: int, width: int) -> Indices:
    """The sources of a view, proven to be a permutation."""
    there = view.sources(height, width)
    pixels = np.arange(height * width)
    if not np.array_equal(np.sort(there), pixels):
        missing = len(np.setdiff1d(pixels, there))
        raise LawError(
            f"view {view.kind!r} is no permutation at {height}x{width}: {missing} of {len(pixels)} pixels are not shown"
        )
    return there


def places(height: int, width: int) -> Indices:
    """The number of each pixel at its place, shape (height, width): moved about, it becomes a table of sources."""
    return np.arange(height * width).reshape(height, width)


def shuffled(count: int, seed: int) -> Indices:
    """The numbers below ``count`` in an order that depends on ``seed`` alone: the same on every machine, for ever.

    NumPy promises the bits of its generators, not what its own shuffling makes of them.
    """
    return np.argsort(np.random.Philox(key=seed).random_raw(count), kind="stable")
