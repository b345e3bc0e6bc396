"""Bands an octave apart, whatever makes the image coarser."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from superpose import Decomposition, Problem, option

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Picture, Shape


@attrs.frozen(kw_only=True)
class Octaves(Decomposition):
    """A decomposition into bands of an octave: each is what the image loses when it becomes twice as coarse."""

    bands: int = option(3, doc="number of bands", ge=2, le=8)
    octaves: int = option(1, doc="octaves that the highest band has", ge=1)

    @abstractmethod
    def coarser(self, x: Tensor, times: range) -> list[Tensor]:
        """Images ``x`` made twice as coarse so many times, one for each of ``times``, each shaped as ``x``."""

    @abstractmethod
    def coarse(self, image: Picture, times: int) -> Picture:
        """A picture made twice as coarse so many times, likewise."""

    @property
    def names(self) -> tuple[str, ...]:
        """A name for each band, the lowest first: ``band-0``, ``band-1``, ..."""
        return tuple(f"band-{i}" for i in range(self.bands))

    def split(self, x: Tensor) -> tuple[Tensor, ...]:
        """The bands, the lowest first."""
        wholes = self.coarser(x, range(self._depth, self.octaves - 1, -1))
        return (wholes[0], *(high - low for low, high in zip(wholes, [*wholes[1:], x], strict=True)))

    def shown(self, image: Picture, name: str) -> Picture:
        """A band of a picture."""
        band = self.names.index(name)
        times = self._depth - band
        upper = self.coarse(image, times) if band < self.bands - 1 else image
        return upper - self.coarse(image, times + 1) if band else upper

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """An image can't be halved for ever."""
        _, height, width = shape
        if min(height, width) < 2**self._depth:
            what = f"{self.kind} can't halve {height}x{width} images {self._depth} times"
            yield Problem("bands", what, self._cure(int(math.log2(min(height, width)))))

    def scaled(self, factor: float) -> Octaves:
        """The same bands of an image ``factor`` times as large."""
        return attrs.evolve(self, octaves=max(1, self.octaves + round(math.log2(factor))))

    def _cure(self, halves: int) -> str:
        """Options that halve an image no more often than it can be."""
        if not halves:
            return ""
        if (fewer := halves - self.octaves + 2) >= 2:
            return f"use bands = {fewer} or fewer"
        octaves = max(1, halves - self.bands + 2)
        bands = halves - octaves + 2
        return f"use octaves = {octaves}" if bands >= self.bands else f"use bands = {bands} and octaves = {octaves}"

    @property
    def _depth(self) -> int:
        """Times that the image is made coarser for the lowest band."""
        return self.octaves + self.bands - 2
