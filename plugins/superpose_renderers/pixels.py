"""Pixels: pictures that are their own parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose import BoundRenderer, Renderer

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from superpose import Shape


@attrs.frozen(kw_only=True)
class Pixels(Renderer):
    """The pixels themselves, as without a renderer: the same run to the last bit. They are free to leave [-1, 1]."""

    kind = "pixels"
    begins = True

    def bind(self, shape: Shape, device: torch.device | str = "cpu") -> BoundRenderer:
        """The pixels of any size."""
        del shape, device
        return Itself()


@attrs.frozen(eq=False)
class Itself(BoundRenderer):
    """Pictures of one parameter, which is the picture."""

    def parameters(self, start: Tensor, seed: int) -> tuple[Tensor, ...]:
        """The picture to begin with."""
        del seed
        return (start,)

    def render(self, parameters: tuple[Tensor, ...]) -> Tensor:
        """The picture."""
        return parameters[0]
