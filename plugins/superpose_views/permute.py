"""Patches in another order."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import gcd
from pathlib import Path

import attrs

from superpose import Problem, Shape, option
from superpose_views.orders import read_order
from superpose_views.permutation import Indices, Permutation, places, shuffled


@attrs.frozen(kw_only=True)
class Permute(Permutation):
    """Cuts the image into square patches and puts them into another order, of the seed or of a file.

    With as many patches a side as the image has pixels, every pixel goes its own way. The order is the same at every
    size that the patches divide, so the stages of a cascade agree.

    A file of numbers (.npy, .json or .txt) says for each place of the view, row by row, which patch of the image it
    shows, counted from 0. Any other file is a picture, cut into as many patches: the place with the darkest one shows
    patch 0, and so on to the lightest. So a ramp of greys, each patch lighter than the one before, may be rearranged by
    hand.
    """

    kind = "permute"
    papers = ("arXiv 2311.17919",)
    patches: int = option(8, doc="patches a side; the image's size for single pixels", ge=2)
    seed: int = option(0, doc="number of the order", ge=0)
    order: Path | None = option(None, doc="file of the order, instead of the seed: numbers, or a rearranged picture")

    def sources(self, height: int, width: int) -> Indices:
        """The patches' pixels in the new order of patches."""
        n = self.patches
        tall, wide = height // n, width // n
        patches = places(height, width).reshape(n, tall, n, wide).swapaxes(1, 2).reshape(n * n, tall, wide)
        moved = patches[shuffled(n * n, self.seed) if self.order is None else read_order(self.order, n)]
        return moved.reshape(n, n, tall, wide).swapaxes(1, 2).reshape(-1)

    def cut(self, height: int, width: int) -> Indices:
        """The patches."""
        n = self.patches
        return places(n, n).repeat(height // n, 0).repeat(width // n, 1)

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """Patches have a whole number of pixels, and an order has each of them once."""
        _, height, width = shape
        if self.order is not None:
            yield from Problem.caught("order", partial(read_order, self.order, self.patches))
        common = gcd(height, width)
        if common % self.patches == 0:
            return
        fitting = [n for n in range(2, common + 1) if common % n == 0]
        below = [n for n in fitting if n < self.patches][-1:]
        near = below + [n for n in fitting if n > self.patches][:1]
        cure = f"use patches = {' or '.join(map(str, near))}" if near else "no number of patches does; use another view"
        what = f"permute can't cut {height}x{width} images into {self.patches}x{self.patches} equal patches"
        yield Problem("patches", what, cure)
