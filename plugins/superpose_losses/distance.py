r"""The distance of an image, or of what an operator observes of it, from what is wanted: :math:`|y - A(x_0)|`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from superpose import BoundLoss, Loss, Operator, Problem, option, problems_of, read_observation, refuse
from superpose_losses.rows import lengths

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from superpose import BoundOperator, Shape


@attrs.frozen(kw_only=True)
class Distance(Loss):
    """Distance of an image from a given one, or of what an operator observes from what was observed.

    The Euclidean distance, whose slope is as steep far away as nearby, or half its square.
    """

    kind = "distance"
    image: Path = option(doc="what it should be near: a picture, or a .npy or .safetensors file")
    operator: Operator | None = option(None, doc="what is looked at: a table with its kind; the image itself if absent")
    square: bool = option(False, doc="half the square of the distance, instead of the distance")

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """An operator that does not fit the images, and a file that can't be read or has another size."""
        if self.operator is not None and (found := problems_of(self.operator.problems, shape)):
            yield from (problem.inside("operator") for problem in found)
            return
        yield from Problem.caught("image", lambda: read_observation(self.image, self._seen(shape)))

    def bind(self, shape: Shape, device: torch.device | str = "cpu") -> BoundLoss:
        """The file as a tensor."""
        refuse(self.problems(shape))
        operator = None if self.operator is None else self.operator.bound_to(shape, device)
        wanted = read_observation(self.image, self._seen(shape), device)[None]
        return Far(wanted if operator is None else operator.within(wanted), operator, self.square)

    def _seen(self, shape: Shape) -> Shape:
        return shape if self.operator is None else self.operator.bound_to(shape).observed_shape


@attrs.frozen(eq=False)
class Far(BoundLoss):
    """A distance with its tensors at hand.

    Attributes:
        wanted: y, shape (1, C, H, W) of what is looked at.
        operator: A; None for the image itself.
        square: Whether it is half the square.
    """

    wanted: Tensor
    operator: BoundOperator | None = None
    square: bool = False

    def of(self, x: Tensor) -> Tensor:
        """The distance of each image."""
        far = lengths(self.wanted.to(x.dtype) - (x if self.operator is None else self.operator.apply(x)))
        return far.square() / 2 if self.square else far
