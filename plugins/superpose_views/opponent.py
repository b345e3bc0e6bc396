r"""Light for colour.

With g the grey axis, (1, 1, 1), and c the axis of two opponent colours, both of length 1, the reflection that exchanges
them is

.. math:: Q = I - \frac{2}{\lVert g - c \rVert^2} (g - c)(g - c)^\top, \quad Q g = c, \quad Q c = g
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeVar

import attrs
import numpy as np

from superpose import Problem, View, enlarged, option

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from superpose import Picture, Shape

_Channel = TypeVar("_Channel", "Tensor", "NDArray[np.float64]")

#: Red, green and blue of the colour that light becomes; dark becomes its opponent.
_AXES = {"red-green": (1.0, -1.0, 0.0), "yellow-blue": (1.0, 1.0, -2.0)}


@attrs.frozen(kw_only=True)
class Opponent(View):
    """Shows light and dark as two opponent colours, and these as light and dark.

    Where a network draws black on white, this view has it draw in a colour on its opponent, of equal grey.
    """

    kind = "opponent"
    axis: str = option("yellow-blue", doc="the colour that light becomes, and that of dark", choices=tuple(_AXES))

    def apply(self, x: Tensor) -> Tensor:
        """The images with their channels reflected."""
        return _mixed(self._matrix, x)

    def invert(self, x: Tensor) -> Tensor:
        """The images reflected again, which undoes it."""
        return self.apply(x)

    def apply_to_variance(self, variance: Tensor) -> Tensor:
        """The variance as it is: it stays in its place, and to mix it would change it."""
        return variance

    def frame(self, image: Picture, u: float, zoom: int = 1) -> Picture:
        """The image, which fades into what is shown."""
        red, green, blue = image
        shown = np.stack(_sums(self._matrix, red, green, blue))
        return enlarged(shown if u == 1 else (1 - u) * image + u * shown, zoom)

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """Images that have no red, green and blue."""
        if shape[0] != 3:
            what = f"opponent mixes three channels, red, green and blue, not {shape[0]}"
            yield Problem("", what, "use a model of colour images, or negate")

    @property
    def _matrix(self) -> NDArray[np.float64]:
        """Weights of the channels in each channel."""
        across = np.ones(3) / np.sqrt(3) - np.array(_AXES[self.axis]) / np.linalg.norm(_AXES[self.axis])
        matrix: NDArray[np.float64] = np.eye(3) - 2 * np.outer(across, across) / (across @ across)
        return matrix


def _mixed(matrix: NDArray[np.float64], x: Tensor) -> Tensor:
    """The channels of images mixed."""
    import torch

    red, green, blue = x.unbind(-3)
    return torch.stack(_sums(matrix, red, green, blue), -3)


def _sums(matrix: NDArray[np.float64], red: _Channel, green: _Channel, blue: _Channel) -> list[_Channel]:
    """A sum of channels for each row, added in one order, however many images there are."""
    return [row[0] * red + row[1] * green + row[2] * blue for row in matrix.tolist()]
