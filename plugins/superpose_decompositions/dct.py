r"""Bands of frequencies of the discrete cosine transform.

With the orthonormal transform C of the lines and of the columns and a mask :math:`M_i` of the frequencies of a band,

.. math:: F_i x = C^\top (M_i \odot (C x C^\top)) C, \qquad \sum_i M_i = 1

so that the parts are orthogonal projections which sum to the image. The transform mirrors an image at its borders:
there are no wraps, and it is as good on every size.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import attrs
import numpy as np

from superpose import Decomposition, Problem, option

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch import Tensor

    from superpose import Picture, Shape


@attrs.frozen(kw_only=True)
class DCT(Decomposition):
    """Bands of frequencies, each of which shows something else: the lowest from afar, the highest from close by.

    There are as many parts as ``bands``: ``band-0`` has the frequencies up to ``lowest`` and the grey level, every
    further band those up to an octave higher, and the last all that are left. Frequencies are counted in cycles along
    the height of the image, so that one recipe means the same at every size.

    Unlike those of ``hybrid``, parts are cut off sharply and are orthogonal: taking a part twice changes nothing.
    """

    kind = "dct"
    papers = ("arXiv 2404.11615", "doi 10.1109/T-C.1974.223784")
    bands: int = option(3, doc="number of bands", ge=2, le=8)
    lowest: float = option(4.0, doc="where the lowest band ends, in cycles along the height of the image", gt=0)

    @property
    def names(self) -> tuple[str, ...]:
        """A name for each band, the lowest first: ``band-0``, ``band-1``, ..."""
        return tuple(f"band-{i}" for i in range(self.bands))

    def split(self, x: Tensor) -> tuple[Tensor, ...]:
        """The bands of images, the lowest first."""
        return tuple(self.part(name)(x) for name in self.names)

    def part(self, name: str) -> Callable[[Tensor], Tensor]:
        """One band alone needs one transform there and back."""
        super().part(name)  # a name that there is
        return partial(self._band, number=self.names.index(name))

    def shown(self, image: Picture, name: str) -> Picture:
        """A band of a picture."""
        height, width = image.shape[-2:]
        lines, columns = (_waves(size) for size in (height, width))
        mask = self.bands_of(height, width) == self.names.index(name)
        band: Picture = lines.T @ ((lines @ image @ columns.T) * mask) @ columns
        return band

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """A band that has no frequency shows nothing."""
        _, height, width = shape
        there = set(self.bands_of(height, width).flatten().tolist())
        if missing := [name for number, name in enumerate(self.names) if number not in there]:
            what = f"{missing[0]} of dct has no frequency of {width}x{height} pixels"
            yield Problem("bands", what, f"use fewer bands, or another value of lowest (here {self.lowest:g})")

    def bands_of(self, height: int, width: int) -> NDArray[np.int64]:
        """The band of each frequency, shape (height, width)."""
        # A wave of frequency k goes through k / 2 cycles from border to border.
        down, across = np.arange(height)[:, None] / 2, np.arange(width)[None] / 2 * (height / width)
        bands: NDArray[np.int64] = np.searchsorted(
            self.lowest * 2.0 ** np.arange(self.bands - 1), np.hypot(down, across)
        )
        return bands

    def _band(self, x: Tensor, number: int) -> Tensor:
        import torch  # plugins import no torch until they are used

        height, width = x.shape[-2:]
        lines, columns = (_on_device(size, x.dtype, x.device) for size in (height, width))
        mask = _masks(self, height, width, x.device) == number
        # One at a time: a product of matrices may sum in another order when there are more of them.
        return torch.stack([lines.T @ ((lines @ image @ columns.T) * mask) @ columns for image in x])


@lru_cache(maxsize=16)
def _on_device(size: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    import torch

    return torch.from_numpy(_waves(size)).to(device, dtype)


@lru_cache(maxsize=64)
def _masks(rule: DCT, height: int, width: int, device: torch.device) -> Tensor:
    import torch

    return torch.from_numpy(rule.bands_of(height, width)).to(device)


def _waves(size: int) -> Picture:
    """The orthonormal cosine transform (DCT-II) of ``size`` values, shape (frequencies, values)."""
    frequency, place = np.arange(size)[:, None], np.arange(size)
    waves: Picture = np.cos(math.pi / size * (place + 0.5) * frequency) * math.sqrt(2 / size)
    waves[0] /= math.sqrt(2)
    return waves
