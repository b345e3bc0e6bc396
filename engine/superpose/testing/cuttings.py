"""The law of cuttings: a puzzle of a view is the view, its pieces moved as rigid things."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from superpose.media.cutting import Cutting
from superpose.media.frames import enlarged
from superpose.testing.frames import picture, reading
from superpose.testing.probes import broken

if TYPE_CHECKING:
    from superpose.estimate.view import View

#: Pieces are also looked at so many times as finely, where this share of the pixels may go elsewhere: cut edges.
ZOOM, ROUGH = 2, 0.4
#: Pixels that may: of an odd number, the one in the middle can belong to no piece.
LEFT = 1


def pieces_go_where_pixels_go(view: View, channels: int, height: int, width: int) -> float:
    """Pieces that are moved show what the view shows, to the bit, and lines lie within the picture.

    Returns:
        The share of the pixels that go another way where edges are cut more finely than pixels.
    """
    where, worst = f"{channels}x{height}x{width}", 0.0
    image = picture(channels, height, width)
    for zoom in (1, ZOOM):
        cutting: object = view.cutting(height, width, zoom)
        if cutting is None:
            return 0.0
        if not isinstance(cutting, Cutting) or cutting.labels.shape != (height * zoom, width * zoom):
            broken(view, where, f"cutting with zoom = {zoom} returns no Cutting with labels of {zoom} times the size")
        if not np.array_equal(np.unique(cutting.labels), np.arange(len(cutting.pieces))):
            broken(view, where, f"labels are to be the numbers of the {len(cutting.pieces)} pieces, from 0")
        if any((line < 0).any() or (line > (height, width)).any() for line in cutting.lines):
            broken(view, where, "a line leaves the picture; its points are (row, column) in pixels")
        want = enlarged(reading(view, image), zoom)
        got = cutting.assembled(enlarged(image, zoom), np.full_like(want, np.nan))  # where no piece lies, none shows it
        off = (got != want).any(0)
        worst = float(off.mean())
        if off.sum() > (LEFT if zoom == 1 else max(LEFT, ROUGH * off.size)):
            broken(view, where, f"with zoom = {zoom}, {worst:.1%} of the pixels of moved pieces are not what it shows")
    return worst
