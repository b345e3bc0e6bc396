"""Operators that see fewer colours than there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs
import numpy as np

from superpose import Operator, Problem, option

if TYPE_CHECKING:
    import torch

    from superpose import LinearOperator, Shape


@attrs.frozen(kw_only=True)
class ColourMatrix(Operator):
    """Every pixel's channels, mixed by a matrix: a colour filter, a channel alone, sepia."""

    kind = "colour-matrix"
    rows: tuple[tuple[float, ...], ...] = option(
        ((0.393, 0.769, 0.189), (0.349, 0.686, 0.168), (0.272, 0.534, 0.131)),
        doc="the matrix: a list of rows, each a list of a weight a channel; as it comes, sepia",
    )

    def __attrs_post_init__(self) -> None:
        """Refuse what is no matrix, or sees nothing."""
        if not self.rows or len({len(row) for row in self.rows}) != 1 or not np.any(self.rows):
            raise ValueError("rows must be lists of the same length, and not all 0")

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """Images of another number of channels."""
        if len(self.rows[0]) != shape[0]:
            what = f"{self.kind} takes {len(self.rows[0])} channels, and the images have {shape[0]}"
            yield Problem("rows", what, f"write rows of {shape[0]} numbers")

    def bind(self, shape: Shape, device: torch.device | str = "cpu") -> LinearOperator:
        """The matrix."""
        return _channels(self.rows, shape, device)


@attrs.frozen(kw_only=True)
class Grey(Operator):
    """The image without its colours: what colourisation starts from."""

    kind = "grey"
    weights: tuple[float, float, float] = option(
        (1 / 3, 1 / 3, 1 / 3), doc="of red, green and blue; as they come, the mean that DDNM takes"
    )

    def __attrs_post_init__(self) -> None:
        """Refuse to see nothing."""
        if not any(self.weights):
            raise ValueError("weights must not all be 0")

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """Images that have no colours."""
        if shape[0] != 3:
            yield Problem("", f"grey takes images of 3 channels, and these have {shape[0]}", "use colour-matrix")

    def bind(self, shape: Shape, device: torch.device | str = "cpu") -> LinearOperator:
        """A matrix of one row."""
        return _channels((self.weights,), shape, device)


def _channels(rows: tuple[tuple[float, ...], ...], shape: Shape, device: torch.device | str) -> LinearOperator:
    from superpose_operators.bound.channels import Channels
    from superpose_operators.tensors import on_device

    return Channels(shape, on_device(np.array(rows, dtype=np.float64), device))
