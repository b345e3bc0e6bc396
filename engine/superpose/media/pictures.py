"""Images as notebooks show them: side by side, each pixel as large as it has to be."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import attrs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from superpose.media.images import to_pixels
from superpose.media.layout import enlarged

if TYPE_CHECKING:
    from torch import Tensor

#: Pixels between two images.
GAP = 8


@attrs.frozen(eq=False, repr=False)
class Pictures:
    """Images that a notebook shows as a picture.

    Attributes:
        pixels: In 8 bits, shape (N, H, W, C).
        columns: Images in a row, at most.
    """

    pixels: NDArray[np.uint8]
    columns: int = 8

    def __repr__(self) -> str:
        count, height, width, _ = self.pixels.shape
        return f"<{count} {'picture' if count == 1 else 'pictures'} of {height}x{width} pixels>"

    def _repr_png_(self) -> bytes:
        tiles = [enlarged(each) for each in self.pixels]
        across = min(self.columns, len(tiles))
        width, height = tiles[0].width + GAP, tiles[0].height + GAP
        rows = -(-len(tiles) // across)
        canvas = Image.new("RGB", (across * width - GAP, rows * height - GAP), "white")
        for i, each in enumerate(tiles):
            canvas.paste(each, (i % across * width, i // across * height))
        data = io.BytesIO()
        canvas.save(data, format="PNG")
        return data.getvalue()


def pictures(images: Tensor, columns: int = 8) -> Pictures:
    """Images, shape (N, C, H, W), to be looked at in a notebook: the last line of a cell shows them side by side.

    Raises:
        ValueError: If there are none, or fewer than one in a row.
    """
    if images.ndim != 4 or not len(images):
        raise ValueError(f"expected images of shape (N, C, H, W), one at least; got {tuple(images.shape)}")
    if columns < 1:
        raise ValueError(f"columns must be at least 1, got {columns}")
    return Pictures(to_pixels(images), columns)


def embedded(png: bytes, words: str) -> str:
    """A picture as an element of HTML that holds it; ``words`` must be safe inside of quotes."""
    return f'<img alt="{words}" src="data:image/png;base64,{base64.b64encode(png).decode()}">'
