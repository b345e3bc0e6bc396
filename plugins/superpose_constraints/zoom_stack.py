r"""Zoom stacks: several canvases of one place, each a look deeper into the one before (arXiv 2312.02149).

After every estimate the clean images of all levels are blended into one stack and rendered from it again, so that what
a level shows in its middle is what the next one shows. Their noise is one as well: in the middle of a level it is that
of the next, in means of squares, made as loud as it was,

.. math:: \epsilon_i[\text{middle}] = p\,\mathrm{box}_p(\epsilon_{i+1})

which is white and of deviation 1 at every level. (The replication of the paper blurs instead: its noise has 0.72.)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs
import numpy as np

from superpose import Canvas, Constraint, Edit, Problem, Rule, option, refuse
from superpose_constraints.layers import Layers, deepest

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import NoiseLevel, Picture


@attrs.frozen(kw_only=True)
class ZoomStack(Constraint):
    """Ties the canvases of a sample into one zoom: each shows the middle of the one before, so many times larger.

    ``[canvas]`` says how many there are, and views of the kind ``canvas`` what each shows; `superpose animate` makes a
    film of the way in. It goes with every scheduler. With noise on the way levels agree better than without.
    """

    kind = "zoom-stack"
    papers = ("arXiv 2312.02149",)
    factor: int = option(2, doc="p: how many times larger each canvas shows the middle of the one before", ge=2, le=8)
    of: int | None = option(
        None, doc="how many canvases there are; as many squares as lie in the image if absent", ge=2
    )

    def problems(self, canvas: Canvas) -> Iterator[Problem]:
        """One canvas alone, or sides that have no middle of whole pixels."""
        _, height, width = canvas.shape
        count = self._count(height, width)
        if count < 2 or height % count:
            what = f"a zoom-stack ties canvases, and {height}x{width} is not several"
            yield Problem("", what, "write [canvas] and its count, and say it as `of` where they are not square")
        elif min(deepest(height // count, self.factor), deepest(width, self.factor)) == 0:
            what = f"canvases of {height // count}x{width} have no middle of whole pixels, {self.factor} times smaller"
            yield Problem("factor", what, "write one that divides both sides, such as 2")

    def bind(self, canvas: Canvas) -> Rule:
        """For that many canvases."""
        refuse(self.problems(canvas))
        _, height, width = canvas.shape
        count = self._count(height, width)
        depth = min(deepest(height // count, self.factor), deepest(width, self.factor))
        return Tied(count, Layers(self.factor, depth))

    def frame(self, image: Picture, u: float, zoom: int = 1) -> Picture:
        """The film: from the whole of the first canvas, at 0, steadily in to that of the last, at 1."""
        channels, height, width = image.shape
        count = self._count(height, width)
        side = height // count
        at = u * (count - 1)
        frame = np.zeros((channels, side * zoom, width * zoom))
        for i in range(min(int(at), count - 1), count):
            scale = float(self.factor) ** (at - i)
            _lay(frame, image[:, i * side : (i + 1) * side], scale)
        return frame

    def _count(self, height: int, width: int) -> int:
        return self.of or height // width


@attrs.frozen(eq=False)
class Tied(Rule):
    """The canvases of a state, tied.

    Attributes:
        count: How many there are, one below the other.
        layers: What they have to do with each other.
    """

    kind = "zoom-stack"
    count: int
    layers: Layers

    def shape_noise(self, noise: Tensor) -> Tensor:
        """The noise of finer levels in the middle of coarser ones."""
        return self._joined(self.layers.rendered(self._levels(noise), gain=True))

    def on_clean(self, clean: Tensor, here: NoiseLevel) -> Edit:
        """The levels blended into one stack, and rendered from it."""
        del here
        return Edit(self._joined(self.layers.rendered(self.layers.blended(self._levels(clean)))), jumped=False)

    def _levels(self, x: Tensor) -> list[Tensor]:
        return list(x.chunk(self.count, -2))

    def _joined(self, levels: list[Tensor]) -> Tensor:
        import torch  # plugins import no torch until they are used

        return torch.cat(levels, -2)


def _lay(frame: Picture, image: Picture, scale: float) -> None:
    """Put an image, ``scale`` times as large as a frame, over its middle, its rim fading in where it is smaller."""
    places, cover = [], []
    for size, side in zip(frame.shape[-2:], image.shape[-2:], strict=True):
        # From the middle of the frame to pixels of the image.
        off = (np.arange(size) + 0.5 - size / 2) / (size * scale) * side
        places.append((off + side / 2 - 0.5).clip(0, side - 1))
        cover.append(((side / 2 - np.abs(off)) / (0.1 * side) if scale < 1 else np.ones(size)).clip(0, 1))
    rows, columns = places
    up, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    down, right = np.minimum(up + 1, image.shape[-2] - 1), np.minimum(left + 1, image.shape[-1] - 1)
    v, h = (rows - up)[:, None], (columns - left)[None]
    upper = image[:, up][:, :, left] * (1 - h) + image[:, up][:, :, right] * h
    lower = image[:, down][:, :, left] * (1 - h) + image[:, down][:, :, right] * h
    opaque = np.minimum(cover[0][:, None], cover[1][None])
    frame += opaque * (upper * (1 - v) + lower * v - frame)
