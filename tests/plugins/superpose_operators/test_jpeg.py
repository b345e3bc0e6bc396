"""What is left is what libjpeg leaves."""

import io

import numpy as np
import pytest
import scipy.ndimage
import torch
from PIL import Image

from observing import observed
from problems import told
from superpose import make


@pytest.mark.parametrize("quality", [5, 30, 90])
@pytest.mark.parametrize(("mode", "explained"), [("L", 0.35), ("RGB", 0.8)])
def test_jpeg_is_what_libjpeg_leaves(mode, explained, quality):
    """To the rounding of decoded pixels; of colours libjpeg rounds those that it transforms, too."""
    rng = np.random.default_rng(0)
    smooth = scipy.ndimage.gaussian_filter(rng.normal(size=(32, 32, 3)), (3, 3, 0), mode="wrap") * 255 + 128
    pixels = smooth.clip(60, 190).astype(np.uint8)[..., : len(mode)]
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if mode == "L" else pixels).save(file, "JPEG", quality=quality, subsampling=0)
    want = np.asarray(Image.open(file)).astype(float).reshape(pixels.shape)
    image = torch.from_numpy(pixels.astype(float) / 127.5 - 1).permute(2, 0, 1)[None]
    got = (observed("jpeg", image, quality=quality)[0].permute(1, 2, 0).numpy() + 1) * 127.5
    off, lost = np.abs(got - want), np.abs(want - pixels).mean()
    assert off.mean() < max(0.4, explained * lost), f"{off.mean()} off, where {lost} is lost"


def test_images_that_are_no_whole_blocks_are_refused():
    for shape, why in (
        ((3, 9, 8), "jpeg takes images of whole blocks of 8 by 8, not 9x8"),
        ((3, 8, 12), "jpeg takes images of whole blocks of 8 by 8, not 8x12"),
        ((4, 8, 8), "jpeg takes images of 1 or 3 channels, and these have 4"),
        ((1, 8, 16), ""),
    ):
        assert told(make("operator", "jpeg"), shape) == why
