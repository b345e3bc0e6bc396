"""Motion: one thing while the image moves, another while it is still."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import attrs
import numpy as np

from superpose import Decomposition, Problem, option
from superpose_decompositions.blur import UNIT

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Picture, Shape

#: Rows and columns from one pixel of the path to the next, by the angle of the path.
_STEPS = {0: (0, 1), 45: (-1, 1), 90: (1, 0), 135: (1, 1)}


@attrs.frozen(kw_only=True)
class Motion(Decomposition):
    """Motion blur: a moving camera would see one thing, and lose another.

    The first part is the image blurred along a line, the mean of as many pixels as the line is long; beyond the borders
    all is 0. Moved to and fro along the line, the print shows the first part alone. The length is given for an image 64
    pixels high and grows with the image; it is made odd, so that the line has a middle.
    """

    kind = "motion"
    papers = ("arXiv 2404.11615",)
    names = ("moving", "still")
    length: float = option(7.0, doc="length of the line, in pixels of a 64-pixel image", gt=0, le=64)
    degrees: int = option(135, doc="angle of the line, counter-clockwise from the right", choices=tuple(_STEPS))

    def split(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The images blurred along the line, and what that took from them."""
        moving = self._moving(x)
        return moving, x - moving

    def part(self, name: str) -> Callable[[Tensor], Tensor]:
        """The moving part alone needs no difference."""
        return self._moving if name == "moving" else super().part(name)

    def shown(self, image: Picture, name: str) -> Picture:
        """The same of a picture."""
        down, along = _STEPS[self.degrees]
        height, width = image.shape[-2:]
        reach = self._reach(height)
        padded = np.pad(image, ((0, 0), (reach, reach), (reach, reach)))
        steps = range(-reach, reach + 1)
        moved = [padded[:, reach + k * down :, reach + k * along :][:, :height, :width] for k in steps]
        moving: Picture = np.stack(moved).mean(0)
        return moving if name == "moving" else image - moving

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """A line of one pixel moves nothing."""
        height = shape[1]
        if self._reach(height) == 0:
            what = f"motion of length {self.length:g} is less than 3 pixels of {height}, and blurs nothing"
            yield Problem("length", what, f"use length = {2 * UNIT / height:.3g} or more")

    def _reach(self, height: int) -> int:
        """Pixels of the line on either side of its middle."""
        return math.floor(self.length * height / UNIT / 2)

    def _moving(self, x: Tensor) -> Tensor:
        down, along = _STEPS[self.degrees]
        reach = self._reach(x.shape[-2])
        total = x.clone()
        for k in range(1, reach + 1):
            for sign in (k, -k):
                _add_moved(total, x, sign * down, sign * along)
        return total.div_(2 * reach + 1)


def _add_moved(total: Tensor, x: Tensor, down: int, along: int) -> None:
    """Add to each place what lies so many rows and columns further on; nothing beyond the borders."""
    height, width = x.shape[-2:]
    if abs(down) < height and abs(along) < width:
        total[..., _here(down, height), _here(along, width)] += x[..., _here(-down, height), _here(-along, width)]


def _here(offset: int, size: int) -> slice:
    return slice(max(-offset, 0), size - max(offset, 0))
