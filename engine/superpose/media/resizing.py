"""MATLAB's ``imresize``, and so the ``Resizer`` of DPS and ILVR, as a matrix.

The kernel of Keys (1981) with a = -1/2, stretched where values become fewer so that nothing aliases, edges mirrored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def bicubic_matrix(size: int, wanted: int) -> NDArray[np.float64]:
    """The matrix that resizes ``size`` values to ``wanted``, shape (wanted, size).

    >>> bicubic_matrix(4, 2).sum(1).round(12).tolist()
    [1.0, 1.0]
    """
    import numpy as np

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
    import numpy as np

    x = np.abs(x)
    near, far = 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0.0))
