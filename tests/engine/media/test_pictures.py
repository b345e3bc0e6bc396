"""Images as notebooks show them: every pixel is there, in its place."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from superpose import pictures, to_pixels
from superpose.media.layout import TILE
from superpose.media.pictures import GAP


def test_images_stand_in_rows():
    images = torch.rand(5, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    made = pictures(images, columns=3)
    assert repr(made) == "<5 pictures of 32x32 pixels>"
    with Image.open(io.BytesIO(made._repr_png_())) as image:
        shown = np.asarray(image)
    assert shown.shape == (2 * TILE + GAP, 3 * TILE + 2 * GAP, 3)
    for i, want in enumerate(to_pixels(images)):
        y, x = (place * (TILE + GAP) for place in divmod(i, 3))
        assert np.array_equal(shown[y : y + TILE : 4, x : x + TILE : 4], want), i
    assert (shown[TILE + GAP :, 2 * (TILE + GAP) :] == 255).all()


@pytest.mark.parametrize(("shape", "columns"), [((3, 32, 32), 8), ((0, 3, 32, 32), 8), ((1, 3, 32, 32), 0)])
def test_what_is_no_row_of_images(shape, columns):
    with pytest.raises(ValueError, match=r"expected images of shape|columns must be at least 1"):
        pictures(torch.zeros(shape), columns)
