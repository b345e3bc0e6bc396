r"""The edges of an image: how far they are from those of a given one.

Edges are the lengths of the slope, :math:`\sqrt{g_x^2 + g_y^2}`, of the mean of the channels, by Sobel's kernels, whose
weights here sum to 1 on either side; beyond its edge an image goes on as it is there.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from superpose import BoundLoss, Fit, Loss, Problem, fit_option, option, read_image, resizer_option
from superpose_losses.rows import lengths

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from superpose import Shape

#: Keeps the slope of a flat place finite.
FLAT = 1e-6


@attrs.frozen(kw_only=True)
class Edges(Loss):
    """Distance of the edges of an image from those of a given one, whatever is lighter and whatever darker."""

    kind = "edges"
    image: Path = option(doc="the image whose edges are wanted")
    fit: str = fit_option()
    resizer: str = resizer_option()

    def problems(self, shape: Shape) -> Iterable[Problem]:
        """A file that can't be read, or has another size."""
        return Problem.caught("image", lambda: self._picture(shape))

    def bind(self, shape: Shape, device: torch.device | str = "cpu") -> BoundLoss:
        """The edges of the file."""
        return Edged(edges(self._picture(shape, device)[None]))

    def _picture(self, shape: Shape, device: torch.device | str = "cpu") -> Tensor:
        return read_image(self.image, shape, device, Fit(self.fit, self.resizer))


@attrs.frozen(eq=False)
class Edged(BoundLoss):
    """The loss with the edges that are wanted, shape (1, 1, H, W), at hand."""

    wanted: Tensor

    def of(self, x: Tensor) -> Tensor:
        """The distance of each image's edges."""
        return lengths(self.wanted.to(x.dtype) - edges(x))


def edges(x: Tensor) -> Tensor:
    """The edges of images (N, C, H, W), shape (N, 1, H, W)."""
    from torch.nn import functional

    wide = functional.pad(x.mean(1, keepdim=True), (1, 1, 1, 1), mode="replicate")
    across, down = wide[..., 2:] - wide[..., :-2], wide[..., 2:, :] - wide[..., :-2, :]
    slope = (across[..., :-2, :] + 2 * across[..., 1:-1, :] + across[..., 2:, :]) / 4
    fall = (down[..., :-2] + 2 * down[..., 1:-1] + down[..., 2:]) / 4
    return (slope.square() + fall.square() + FLAT).sqrt()
