"""Some places of an image, the others 0: its own adjoint and pseudo-inverse."""

from __future__ import annotations

from functools import cached_property

import attrs
from torch import Tensor

from superpose import LinearOperator, Shape, Spectrum


@attrs.frozen(eq=False)
class Masked(LinearOperator):
    """Images where they are seen, and 0 elsewhere.

    Attributes:
        shape: (C, H, W) of an image.
        seen: 1 where it is seen and 0 where it is not, shape (C, H, W).
    """

    shape: Shape
    seen: Tensor

    @property
    def observed_shape(self) -> Shape:
        """As that of an image."""
        return self.shape

    def apply(self, x: Tensor) -> Tensor:
        """The images, 0 where they are not seen."""
        return x * self.seen.to(x)

    def adjoint(self, y: Tensor) -> Tensor:
        """The same."""
        return self.apply(y)

    @cached_property
    def spectrum(self) -> Spectrum:
        """Each place by itself."""
        return Spectrum(self.seen, _same, _same, self.apply)


def _same(x: Tensor) -> Tensor:
    return x
