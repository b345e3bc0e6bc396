r"""A blur by a kernel whose image goes around its edges, :math:`A = F^{-1} \mathrm{diag}(\hat k) F`.

Its singular values are :math:`|\hat k|`. As real coordinates serve those of Hartley, :math:`\Re F x - \Im F x`, which
are orthonormal and their own inverse; :math:`U^\top` is then a turn by the phases of the kernel first.
"""

from __future__ import annotations

from functools import cached_property

import attrs
import torch
from torch import Tensor

from superpose import LinearOperator, Shape, Spectrum
from superpose_operators.bound.rows import each
from superpose_operators.bound.separable import ROUNDING


@attrs.frozen(eq=False)
class Filtered(LinearOperator):
    """Every channel, its frequencies weighed.

    Attributes:
        shape: (C, H, W) of an image.
        response: The kernel's transform, shape (H, W), complex.
    """

    shape: Shape
    response: Tensor

    @classmethod
    def by(cls, kernel: Tensor, shape: Shape) -> Filtered:
        """The blur by a kernel (h, w) whose middle is at (h // 2, w // 2)."""
        height, width = kernel.shape
        whole = kernel.new_zeros(shape[1:])
        whole[:height, :width] = kernel
        return cls(shape, torch.fft.fft2(whole.roll((-(height // 2), -(width // 2)), (0, 1))))

    @property
    def observed_shape(self) -> Shape:
        """As that of an image."""
        return self.shape

    def apply(self, x: Tensor) -> Tensor:
        """The blurred images."""
        return _weighed(x, self.response)

    def adjoint(self, y: Tensor) -> Tensor:
        """Blurred by the kernel turned around."""
        return _weighed(y, self.response.conj())

    @cached_property
    def spectrum(self) -> Spectrum:
        """One value a frequency."""
        values = self.response.abs()
        values = values * (values > values.max() * ROUNDING)
        phase = torch.where(values > 0, self.response.conj() / values.clamp(min=1e-30), 0)
        return Spectrum(values.expand(self.shape), hartley, hartley, lambda y: hartley(_weighed(y, phase)))


def hartley(x: Tensor) -> Tensor:
    """Hartley's transform of every channel, which is its own inverse."""

    def transformed(image: Tensor) -> Tensor:
        found: Tensor = torch.fft.fft2(image, norm="ortho")
        return found.real - found.imag

    return each(transformed, x)


def _weighed(x: Tensor, response: Tensor) -> Tensor:
    weights = response.to(x.device, torch.complex64 if x.dtype == torch.float32 else torch.complex128)

    def weighed(image: Tensor) -> Tensor:
        found: Tensor = torch.fft.ifft2(torch.fft.fft2(image) * weights)
        return found.real

    return each(weighed, x)
