"""Any matrix, from a file."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import numpy as np

from superpose import Operator, Problem, RecipeError, digest, option, read_array

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from superpose import LinearOperator, Shape
    from superpose_operators.bound.dense import Dense


@attrs.frozen(kw_only=True)
class Matrix(Operator):
    """A matrix times the image as one column of numbers: channel after channel, row after row.

    Observed are as many numbers as it has rows, which a ``.npy`` file holds. Its singular values are computed where
    these are at most 1024.
    """

    kind = "matrix"
    matrix: Path = option(doc="shape (K, C H W) or (K, C, H, W): a .npy file, or a .safetensors file with one tensor")

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """A file that can't be read, or is for images of another size."""
        try:
            found = self._read().shape
        except RecipeError as error:
            yield Problem.of(error, "matrix")
            return
        if len(found) < 2 or found[1:] not in (shape, (math.prod(shape),)):
            got, want = ("x".join(map(str, sizes)) for sizes in (found, ("K", *shape)))
            yield Problem("matrix", f"{self.matrix}: has shape {got}, and one for these images has {want}")

    def bind(self, shape: Shape, device: torch.device | str = "cpu") -> LinearOperator:
        """The file as a tensor."""
        return _bound(self.matrix, digest(self.matrix), shape, str(device))

    def _read(self) -> NDArray[np.float64]:
        matrix = read_array(self.matrix).astype(np.float64)
        if not matrix.any():
            raise RecipeError(f"{self.matrix}: is 0 throughout, which observes nothing")
        return matrix


@lru_cache(maxsize=4)
def _bound(path: Path, content: str, shape: Shape, device: str) -> Dense:
    """The matrix on images of one size, so that its singular values are computed once."""
    from superpose_operators.bound.dense import Dense
    from superpose_operators.tensors import on_device

    del content  # a file that has changed is read again
    matrix = on_device(read_array(path).astype(np.float64), device).flatten(1)
    return Dense(shape, (1, 1, len(matrix)), matrix)
