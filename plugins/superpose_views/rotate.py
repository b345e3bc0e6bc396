r"""Turning by any angle, without losing or inventing anything.

A right angle moves pixels. Any other angle is right angles and a turn by at most 45 degrees, which is three shears,

.. math:: R_\theta = S_x(-\tan\tfrac\theta2)\; S_y(\sin\theta)\; S_x(-\tan\tfrac\theta2)

and a shear shifts every row by a distance of its own. A shift by a fraction of a pixel is exact in Fourier's basis,
where it turns phases: it is orthogonal, so the whole turn is (Unser, Thevenaz and Yaroslavsky 1995). Rows are rings:
what leaves the image on one side comes back on the other, so what is outside a disc of 0.92 of the shorter side turns
with seams, and nothing is lost.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import attrs
import numpy as np

from superpose import Layer, Problem, Stacking, View, enlarged, faded, option
from superpose_views.drawing import drawn, turning, whole

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch import Tensor

    from superpose import Picture, Shape

#: Share of the way that another angle than a right one is turned in; then the corners fade in on the other side.
_SETTLES = 0.75


@attrs.frozen(kw_only=True)
class Rotate(View):
    """Turns the image counter-clockwise, by right angles or by any other.

    Right angles move whole pixels. Other angles mix neighbours in such a way that noise stays white, where turning by
    interpolation does not (135 degrees with nearest neighbours keeps 69 % of the pixels, linearly it keeps two thirds
    of the noise); the corners come back in on the other side. With 180 degrees and two letters the result is an
    ambigram.
    """

    kind = "rotate"
    papers = ("arXiv 2311.17919", "doi 10.1109/83.469963")
    degrees: int | float = option(180, doc="angle of the turn, counter-clockwise, in degrees", gt=0, lt=360)

    def apply(self, x: Tensor) -> Tensor:
        """The images turned."""
        quarters, rest = self._angle
        # Contiguous, so that networks go the same way, and give the same bits, as for an image never turned.
        return _sheared(x.rot90(quarters, (-2, -1)).contiguous(), rest)

    def invert(self, x: Tensor) -> Tensor:
        """The images turned back."""
        quarters, rest = self._angle
        return _sheared(x, -rest).rot90(-quarters, (-2, -1)).contiguous()

    def apply_to_variance(self, variance: Tensor) -> Tensor:
        """The variance turned back by whole pixels, as nearly as shears can; to mix it would change it."""
        quarters, rest = self._angle
        return _sheared(variance, -rest, whole=True).rot90(-quarters, (-2, -1)).contiguous()

    def frame(self, image: Picture, u: float, zoom: int = 1) -> Picture:
        """The image on its turn, as on a table; another angle than a right one settles into its reading."""
        quarters, rest = self._angle
        end = math.radians(self.degrees)
        if rest == 0 and u < 1:
            return drawn(image, zoom, [turning(image, end * u, end)])
        turned = drawn(image, zoom, [whole(image, end * min(u / _SETTLES, 1))])
        if u <= _SETTLES:
            return turned
        shown = enlarged(_sheared_array(np.rot90(image, quarters, (-2, -1)), rest), zoom)
        return faded(turned, shown, (u - _SETTLES) / (1 - _SETTLES))

    def stacking(self, height: int, width: int) -> Stacking | None:
        """One sheet, turned; None for other angles than right ones, where corners come back in."""
        del height, width
        quarters, rest = self._angle
        return None if rest else Stacking(1, (Layer(0, quarters % 4),))

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """A quarter turn swaps height and width, so it needs a square; other angles turn in one."""
        _, height, width = shape
        if self.degrees != 180 and height != width:
            what = f"rotate by {self.degrees:g} degrees needs square images, not {height}x{width}"
            yield Problem("degrees", what, "use degrees = 180")

    @property
    def _angle(self) -> tuple[int, float]:
        """Quarter turns, and the angle that is left, in radians between -pi/4 and pi/4."""
        quarters = round(self.degrees / 90)
        return quarters, math.radians(self.degrees - 90 * quarters)


def _sheared(x: Tensor, angle: float, *, whole: bool = False) -> Tensor:
    """Images turned by three shears; by ``whole`` pixels a row, or exactly."""
    if angle == 0:
        return x
    shear = _by_pixels if whole else _by_phases
    for dimension, slope in ((-1, math.tan(angle / 2)), (-2, -math.sin(angle)), (-1, math.tan(angle / 2))):
        x = shear(x, dimension, slope)
    return x


def _by_phases(x: Tensor, dimension: int, slope: float) -> Tensor:
    import torch  # plugins import no torch until they are used

    size = x.shape[dimension]
    phases = _phases(size, x.shape[-3 - dimension], slope, dimension, x.dtype, x.device)
    # One at a time: a transform of many chooses another way than one alone, and gives other last bits.
    spectra = (torch.fft.rfft(image, dim=dimension) * phases for image in x)
    return torch.stack([torch.fft.irfft(spectrum, n=size, dim=dimension) for spectrum in spectra])


@lru_cache(maxsize=64)
def _phases(size: int, lines: int, slope: float, dimension: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    import torch

    frequencies = torch.arange(size // 2 + 1, dtype=torch.float64)
    turns = torch.outer(_shifts(lines, slope), frequencies) / size
    phases = torch.polar(torch.ones_like(turns), -2 * math.pi * turns)
    if size % 2 == 0:
        phases[:, -1] = 1  # the fastest wave has no phase that a real image could turn
    phases = phases if dimension == -1 else phases.mT
    return phases.to(device, torch.complex64 if dtype == torch.float32 else torch.complex128).contiguous()


def _by_pixels(x: Tensor, dimension: int, slope: float) -> Tensor:
    import torch

    sources = _sources(x.shape[dimension], x.shape[-3 - dimension], slope, dimension, x.device)
    return torch.gather(x, dimension, sources.expand_as(x))


@lru_cache(maxsize=64)
def _sources(size: int, lines: int, slope: float, dimension: int, device: torch.device) -> Tensor:
    import torch

    shifts = _shifts(lines, slope).round().long()
    sources = (torch.arange(size)[None] - shifts[:, None]) % size
    return (sources if dimension == -1 else sources.mT).contiguous().to(device)


def _sheared_array(image: Picture, angle: float) -> Picture:
    """The picture that `_sheared` makes, without torch."""
    if angle == 0:
        return image
    for axis, slope in ((-1, math.tan(angle / 2)), (-2, -math.sin(angle)), (-1, math.tan(angle / 2))):
        size, lines = image.shape[axis], image.shape[-3 - axis]
        shifts = slope * (np.arange(lines) - (lines - 1) / 2)
        phases = np.exp(-2j * math.pi / size * np.outer(shifts, np.arange(size // 2 + 1)))
        if size % 2 == 0:
            phases[:, -1] = 1
        spectrum: NDArray[np.complex128] = np.fft.rfft(image, axis=axis) * (phases if axis == -1 else phases.T)
        image = np.fft.irfft(spectrum, n=size, axis=axis)
    return image


def _shifts(lines: int, slope: float) -> Tensor:
    """Shift of each line: nothing in the middle."""
    import torch

    return slope * (torch.arange(lines, dtype=torch.float64) - (lines - 1) / 2)
