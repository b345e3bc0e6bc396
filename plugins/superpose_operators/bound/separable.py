r"""A matrix along the rows of an image and one along its columns, :math:`y = R\, x\, C^\top` for every channel."""

from __future__ import annotations

from functools import cached_property

import attrs
import torch
from torch import Tensor

from superpose import LinearOperator, Shape, Spectrum
from superpose_operators.bound.rows import each

#: Singular values below this share of the largest are rounding: nothing is observed there.
ROUNDING = 1e-6


@attrs.frozen(eq=False)
class Separable(LinearOperator):
    """Every channel, changed along its height and its width.

    Attributes:
        shape: (C, H, W) of an image.
        rows: R, shape (h, H).
        columns: C, shape (w, W).
    """

    shape: Shape
    rows: Tensor
    columns: Tensor

    @property
    def observed_shape(self) -> Shape:
        """(C, h, w)."""
        return self.shape[0], len(self.rows), len(self.columns)

    def apply(self, x: Tensor) -> Tensor:
        """Both matrices."""
        return between(self.rows, x, self.columns.T)

    def adjoint(self, y: Tensor) -> Tensor:
        """Both transposes."""
        return between(self.rows.T, y, self.columns)

    @cached_property
    def spectrum(self) -> Spectrum:
        """Products of the singular values of the two."""
        (ur, sr, vr), (uc, sc, vc) = (_whole(matrix) for matrix in (self.rows, self.columns))
        values = sr[:, None] * sc[None]
        values = values * (values > values.max() * ROUNDING)
        return Spectrum(
            values.expand(self.shape),
            lambda x: between(vr, x, vc.T),
            lambda x: between(vr.T, x, vc),
            lambda y: between(ur, y, uc.T) * (values > 0).to(y),
        )


def between(left: Tensor, x: Tensor, right: Tensor) -> Tensor:
    """Every image between two matrices."""
    left, right = left.to(x), right.to(x)
    return each(lambda image: left @ image @ right, x)


def _whole(matrix: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    r""":math:`U^\top` and the singular values, both as long as V, and :math:`V^\top`."""
    left, values, right = torch.linalg.svd(matrix)
    wide, count = matrix.shape[1], len(values)
    padded, back = values.new_zeros(wide), left.new_zeros(wide, len(left))
    padded[:count], back[:count] = values, left.T[:count]
    return back, padded, right
