"""Layouts of sheets: tiles between their bounds, pages that hold what they say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from superpose.media.layout import DENSE, ROOMY, enlarged

SIDES = st.integers(1, 300)


@settings(max_examples=40)
@given(SIDES, SIDES, st.sampled_from([1, 3]), st.integers(1, 200))
def test_a_picture_is_enlarged_by_a_whole_factor_and_no_more_than_needed(height, width, channels, least):
    image = enlarged(np.zeros((height, width, channels), np.uint8), least)
    factor = image.width // width
    assert image.size == (width * factor, height * factor)
    assert min(image.size) >= least or factor == 1
    assert factor == 1 or min(height, width) * (factor - 1) < least


def test_enlarging_repeats_pixels():
    pixels = np.random.default_rng(0).integers(0, 256, (2, 3, 3), np.uint8)
    got = np.asarray(enlarged(pixels, 4))
    assert np.array_equal(got, pixels.repeat(2, 0).repeat(2, 1))


@pytest.mark.parametrize("layout", [ROOMY, DENSE], ids=["roomy", "dense"])
@pytest.mark.parametrize("side", [8, 32, 64, 100, 512])
def test_a_tile_is_between_its_bounds(layout, side):
    tile = layout.tile_of(np.zeros((side, side, 3), np.uint8))
    assert layout.tile <= min(tile.size) <= layout.largest


@settings(max_examples=40)
@given(st.sampled_from([ROOMY, DENSE]), st.lists(st.tuples(st.integers(8, 256), st.integers(8, 256)), min_size=1))
def test_a_page_holds_what_it_says(layout, sizes):
    tiles = [Image.new("RGB", size) for size in sizes]
    width, height = layout.cell(tiles)
    assert width == sum(wide for wide, _ in sizes) + layout.gap * (len(sizes) - 1)
    columns = layout.columns(width)
    rows, left = divmod(layout.per_page(tiles), columns)
    assert left == 0
    assert columns == 1 or columns * (width + layout.margin) <= layout.width
    assert rows == 1 or rows * (height + layout.margin) + layout.margin <= layout.height
