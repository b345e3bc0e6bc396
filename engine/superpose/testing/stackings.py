"""The law of stackings: a mark on a sheet is seen where that sheet lies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from superpose.media.stacking import TURNED, Stacking
from superpose.testing.frames import picture, reading
from superpose.testing.probes import broken

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from superpose.estimate.view import View


def sheets_lie_where_it_says(view: View, channels: int, height: int, width: int) -> float:
    """Black on one white sheet is seen where the sheet's place and turn put it; one sheet alone is seen as it is.

    Returns:
        Number of the sheets that are seen.
    """
    where = f"{channels}x{height}x{width}"
    stacking: object = view.stacking(height, width)
    if stacking is None:
        return 0.0
    if not isinstance(stacking, Stacking) or stacking.sheets < 1 or height % stacking.sheets:
        broken(view, where, f"stacking returns no Stacking of equal sheets: {stacking!r}")
    numbers = [layer.sheet for layer in stacking.layers]
    if not numbers or len({*numbers}) < len(numbers) or not {*numbers} <= {*range(stacking.sheets)}:
        broken(view, where, f"sheets {numbers} lie there, which are to be some of {stacking.sheets}, each once")
    if any(layer.turns not in range(len(TURNED)) for layer in stacking.layers):
        broken(view, where, "turns of a layer are to be quarter turns from 0 to 3")
    each = height // stacking.sheets
    if len(stacking.layers) == 1:
        image = picture(channels, height, width)
        [layer] = stacking.layers
        sheet = image[:, layer.sheet * each : (layer.sheet + 1) * each]
        if not np.array_equal(reading(view, image), layer.laid(sheet)):
            broken(view, where, f"it shows something else than {layer}")
    blank = reading(view, np.ones((channels, height, width)))
    for number in range(stacking.sheets):
        marked = np.ones((channels, height, width))
        for mark in _marks(each, width):
            marked[:, number * each : (number + 1) * each] = np.where(mark, -1.0, 1.0)
            seen = (np.abs(reading(view, marked) - blank) > 0).any(0)
            laid = [layer.laid(mark) for layer in stacking.layers if layer.sheet == number]
            if not np.array_equal(seen, laid[0] if laid else np.zeros_like(seen)):
                broken(view, where, f"a mark on sheet {number + 1} is not seen where the stacking says that it lies")
    return float(len(stacking.layers))


def _marks(height: int, width: int) -> Iterator[NDArray[np.bool_]]:
    """Single places of a sheet, none of them where another turn would bring it."""
    for row, column in ((0, 0), (0, width - 1), (height - 1, width // 3)):
        mark = np.zeros((height, width), np.bool_)
        mark[row, column] = True
        yield mark
