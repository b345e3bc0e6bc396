r"""Some frequencies of an image, as magnetic resonance measures them: a part of :math:`F x`.

Of a real image the frequency -k says what k says, so that a set of frequencies is one that holds both. What is
observed is then a projection in the coordinates of Hartley: its singular values are 1 and 0.
"""

from __future__ import annotations

from functools import cached_property

import attrs
import torch
from torch import Tensor

from superpose import LinearOperator, Shape, Spectrum
from superpose_operators.bound.filtered import hartley
from superpose_operators.bound.rows import each


@attrs.frozen(eq=False)
class Sampled(LinearOperator):
    """Real parts of the frequencies of each channel, then imaginary parts; 0 where none is measured.

    Attributes:
        shape: (C, H, W) of an image.
        seen: 1 where a frequency is measured, shape (H, W); the same at -k as at k.
    """

    shape: Shape
    seen: Tensor

    @property
    def observed_shape(self) -> Shape:
        """(2 C, H, W)."""
        return 2 * self.shape[0], *self.shape[1:]

    def apply(self, x: Tensor) -> Tensor:
        """The measured frequencies."""

        def measured(image: Tensor) -> Tensor:
            found = torch.fft.fft2(image, norm="ortho")
            return torch.cat((found.real, found.imag)) * self.seen.to(image)

        return each(measured, x)

    def adjoint(self, y: Tensor) -> Tensor:
        """The real image of these frequencies and no others."""

        def image(measured: Tensor) -> Tensor:
            real, imaginary = (measured * self.seen.to(measured)).chunk(2)
            found: Tensor = torch.fft.ifft2(torch.complex(real, imaginary), norm="ortho")
            return found.real

        return each(image, y)

    @cached_property
    def spectrum(self) -> Spectrum:
        """1 where a frequency is measured."""
        return Spectrum(self.seen.expand(self.shape), hartley, hartley, lambda y: hartley(self.adjoint(y)))
