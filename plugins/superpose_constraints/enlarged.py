r"""Inpainting at a later stage of a cascade: what is known is the first stage's picture, enlarged.

A picture y that is f times as large says what the small one x does if the mean of each f by f block of y is x. The
bicubic enlargement B x says so nearly; of it each block takes what differs from its mean,

.. math:: y = U x + s\,(B x - U M B x)

with M the means of blocks, U what repeats a value in all of its block, and s at most 1, a number a block, for y to stay
in range.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import attrs

from superpose import Canvas, Constraint, Problem, refuse
from superpose_constraints.inpaint import Inpaint, Replacement, reduced

if TYPE_CHECKING:
    from torch import Tensor


@attrs.frozen(kw_only=True)
class EnlargedInpaint(Constraint):
    """Inpainting of pictures larger than its files.

    Attributes:
        inpaint: What reads the files.
        factor: How many times the pictures are as large as those of the first stage.
    """

    kind = "inpaint"
    papers = ("arXiv 2201.09865",)
    inpaint: Inpaint
    factor: float

    def problems(self, canvas: Canvas) -> Iterable[Problem]:
        """Those of its files at the first stage's size, and a size that they can't be enlarged to."""
        if self.factor % 1:
            what = f"this stage's pictures are {self.factor:g} times as large as the first's, and files are enlarged a "
            what += "whole number of times"
            return [Problem("", what, "give it files of its own size in [[stage.constraint]]")]
        return self.inpaint.problems(self._first(canvas))

    def _first(self, canvas: Canvas) -> Canvas:
        """The canvas of the first stage."""
        channels, height, width = canvas.image_shape
        return Canvas((channels, int(height / self.factor), int(width / self.factor)), canvas.device)

    def bind(self, canvas: Canvas) -> Replacement:
        """The files as tensors, enlarged."""
        import torch

        refuse(self.problems(canvas))
        _, height, width = canvas.image_shape
        found = self.inpaint.bind(self._first(canvas))
        picture = enlarged(found.picture, (height, width))
        kept = torch.nn.functional.interpolate(found.kept[None], (height, width), mode="nearest-exact")[0]
        known, keep = canvas.state_of(picture), 1 - reduced(1 - kept, canvas.shape[1:])
        return Replacement(known=known, keep=keep, repeats=self.inpaint.repeats, picture=picture, kept=kept)


def enlarged(picture: Tensor, size: tuple[int, int]) -> Tensor:
    """A picture (C, h, w) in [-1, 1] at a whole number of times the size, whose blocks have its pixels as means."""
    from torch.nn.functional import avg_pool2d, interpolate, max_pool2d

    small, block = picture[None], size[0] // picture.shape[1]

    def repeated(values: Tensor) -> Tensor:
        return interpolate(values, size, mode="nearest-exact")

    smooth = interpolate(small, size, mode="bicubic", align_corners=False)
    detail = smooth - repeated(avg_pool2d(smooth, block))
    # As much of a block's detail as the range of pictures has room for; of more, the mean would be cut off.
    room = (1 - repeated(small) * detail.sign()).clamp(min=1e-6)
    share = 1 / max_pool2d(detail.abs() / room, block).clamp(min=1)
    return (repeated(small) + repeated(share) * detail)[0].contiguous()
