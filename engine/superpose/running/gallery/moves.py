"""Views as moves of pixels, in a form that a page can make by itself: probed once, not written for each view."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from superpose.estimate.view import View


@attrs.frozen(eq=False)
class Move:
    """Move of pixels: each place shows the pixel of another place, or its negative.

    Attributes:
        sources: For each place, row by row, the place that it shows, shape (H * W,).
        negative: Whether light and dark change places.
        height, width: Of what is shown.
    """

    sources: NDArray[np.int64]
    negative: bool
    height: int
    width: int

    def packed(self) -> dict[str, object]:
        """The same for a page: differences to the place itself as 32-bit numbers, deflated, in base 64."""
        steps = (self.sources - np.arange(len(self.sources))).astype("<i4")
        data = "" if not steps.any() else base64.b64encode(zlib.compress(steps.tobytes(), 9)).decode()
        return {"steps": data, "negative": self.negative, "height": self.height, "width": self.width}


def move_of(views: Sequence[View], height: int, width: int) -> Move | None:
    """What a row of views does to images of that size with three channels; None where it mixes values.

    The views are shown an image of which every value tells its place.
    """
    places = np.arange(1, height * width + 1, dtype=np.float64).reshape(1, height, width)
    count = places.size
    image = np.concatenate([places, places + count, places + 2 * count])
    for view in views:
        image = view.frame(image, 1.0)
    if image.size != 3 * count:
        return None
    first, negative = np.abs(image[0]), bool(image.flat[0] < 0)
    here = image * (-1 if negative else 1)
    moved = all(np.array_equal(here[i], first + i * count) for i in range(3))
    if not moved or not np.array_equal(np.sort(first, axis=None), places[0].reshape(-1)):
        return None
    return Move(first.reshape(-1).astype(np.int64) - 1, negative, *image.shape[1:])
