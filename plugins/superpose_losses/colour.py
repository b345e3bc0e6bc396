"""The mean colour of an image: how far it is from a given one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from superpose import BoundLoss, Loss, Problem, RecipeError, option, refuse
from superpose_losses.rows import lengths

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from superpose import Shape


@attrs.frozen(kw_only=True)
class Colour(Loss):
    r"""Distance of the mean colour of an image from a given one.

    It is the distance of the nearest image that has that mean, :math:`\sqrt{HW}\, |m - c|`, so that it weighs as other
    distances do.
    """

    kind = "colour"
    colour: str = option("#ff8800", doc='the mean that is wanted: "#rrggbb", or a name in CSS')

    def __attrs_post_init__(self) -> None:
        """Refuse what is no colour."""
        self._channels()

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """Images that have no red, green and blue."""
        if shape[0] != 3:
            yield Problem("", f"images of {shape[0]} channels have no red, green and blue", "use a model of colours")

    def bind(self, shape: Shape, device: torch.device | str = "cpu") -> BoundLoss:
        """The colour as a tensor."""
        import torch

        refuse(self.problems(shape))
        return Mean(torch.tensor(self._channels(), device=device))

    def _channels(self) -> list[float]:
        from PIL import ImageColor

        try:
            return [value / 127.5 - 1 for value in ImageColor.getrgb(self.colour)[:3]]
        except ValueError as error:
            raise RecipeError(f"{self.colour!r} is no colour: write it as #rrggbb or by its name in CSS") from error


@attrs.frozen(eq=False)
class Mean(BoundLoss):
    """The loss with its colour, shape (3,), at hand."""

    colour: Tensor

    def of(self, x: Tensor) -> Tensor:
        """The distance of each image."""
        off = x.mean((2, 3)) - self.colour.to(x.dtype)
        far: Tensor = lengths(off) * (x.shape[2] * x.shape[3]) ** 0.5
        return far
