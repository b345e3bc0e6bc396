r"""Operators that make an image smaller.

Block averaging is that of DDRM and DDNM. Bicubic is MATLAB's ``imresize``, and so the ``Resizer`` of DPS and ILVR: the
kernel of Keys with a = -1/2, stretched by the factor so that nothing aliases, edges mirrored.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs
import numpy as np

from superpose import Operator, Problem, option

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
        """What makes a column of ``size`` values smaller, shape (size / factor, size)."""

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
        return resized(size, size // self.factor)


def resized(size: int, wanted: int) -> NDArray[np.float64]:
    """The matrix of MATLAB's bicubic ``imresize`` of ``size`` values to ``wanted``, shape (wanted, size)."""
    scale = wanted / size
    stretch = min(scale, 1.0)
    middle = (np.arange(wanted) + 0.5) / scale - 0.5
    reach = int(np.ceil(4 / stretch)) + 2
    places = np.floor(middle - 2 / stretch)[:, None] + np.arange(reach)
    weights = _keys((middle[:, None] - places) * stretch)
    weights /= weights.sum(1, keepdims=True)
    # Beyond the edge lie the values before it, the last one twice.
    folded = places.astype(int) % (2 * size)
    folded = np.where(folded < size, folded, 2 * size - 1 - folded)
    matrix = np.zeros((wanted, size))
    np.add.at(matrix, (np.arange(wanted)[:, None], folded), weights)
    return matrix


def _keys(x: NDArray[np.float64]) -> NDArray[np.float64]:
    x = np.abs(x)
    near, far = 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0.0))
