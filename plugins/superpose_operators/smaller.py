r"""Operators that make an image smaller.

Block averaging is that of DDRM and DDNM. Bicubic is MATLAB's ``imresize``, and so the ``Resizer`` of DPS and ILVR.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs
import numpy as np

from superpose import Operator, Problem, bicubic_matrix, option

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from superpose import LinearOperator, Shape


@attrs.frozen(kw_only=True)
class Smaller(Operator, ABC):
    """Base of the operators that divide height and width by a factor."""

    factor: int = option(4, doc="how many times height and width are smaller", ge=2)

    @abstractmethod
    def matrix(self, size: int) -> NDArray[np.float64]:
        """Matrix that makes a column of ``size`` values smaller, shape (size / factor, size)."""

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """A size that the factor does not divide."""
        _, height, width = shape
        if height % self.factor or width % self.factor:
            known = [n for n in range(2, min(height, width) + 1) if height % n == 0 == width % n]
            what = f"{self.kind} by {self.factor} needs a size that {self.factor} divides, not {height}x{width}"
            yield Problem("factor", what, f"write one of {', '.join(map(str, known[:8]))}" if known else "")

    def bind(self, shape: Shape, device: torch.device | str = "cpu") -> LinearOperator:
        """The matrices for rows and columns."""
        from superpose_operators.bound.separable import Separable
        from superpose_operators.tensors import on_device

        return Separable(shape, *(on_device(self.matrix(size), device) for size in shape[1:]))


@attrs.frozen(kw_only=True)
class BlockAverage(Smaller):
    """The means of square blocks: what super-resolution in DDRM and DDNM starts from."""

    kind = "block-average"
    papers = ("arXiv 2201.11793",)

    def matrix(self, size: int) -> NDArray[np.float64]:
        """Means of neighbours."""
        return np.kron(np.eye(size // self.factor), np.full((1, self.factor), 1 / self.factor))


@attrs.frozen(kw_only=True)
class Subsample(Smaller):
    """The upper left pixel of every block: what is left of a blurred image in DiffPIR's super-resolution."""

    kind = "subsample"

    def matrix(self, size: int) -> NDArray[np.float64]:
        """Every so manieth row of the identity."""
        return np.eye(size)[:: self.factor]


@attrs.frozen(kw_only=True)
class Bicubic(Smaller):
    """The image scaled down as MATLAB does it: what super-resolution in DPS starts from."""

    kind = "bicubic"
    papers = ("doi 10.1109/TASSP.1981.1163711",)

    def matrix(self, size: int) -> NDArray[np.float64]:
        """Keys' kernel, as wide as the blocks."""
        return bicubic_matrix(size, size // self.factor)
