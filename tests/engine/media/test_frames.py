"""Frames: pictures in other sizes and from further away, exact where nothing is to be guessed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from superpose.media.frames import PAPER, at_distance, coarse, enlarged, faded, fitted, in_pixels, resized

IMAGE = np.random.default_rng(0).uniform(-1, 1, (3, 6, 8))


@pytest.mark.parametrize("zoom", [1, 3])
def test_a_pixel_becomes_a_square(zoom):
    large = enlarged(IMAGE, zoom)
    assert large.shape == (3, 6 * zoom, 8 * zoom)
    assert np.array_equal(large[:, ::zoom, ::zoom], IMAGE)
    assert np.allclose(resized(large, 6, 8, how=4), IMAGE, atol=1e-6), "the mean of each square"


def test_a_fade_is_exact_at_its_ends():
    assert np.array_equal(faded(IMAGE, -IMAGE, 0), IMAGE)
    assert np.array_equal(faded(IMAGE, -IMAGE, 1), -IMAGE)
    assert np.allclose(faded(IMAGE, -IMAGE, 0.5), 0)


@settings(max_examples=30)
@given(st.integers(12, 40), st.integers(12, 40), st.floats(1, 6))
def test_what_is_far_away_is_small_in_the_middle_of_paper(height, width, distance):
    dark = np.full((1, height, width), -1.0)
    seen = at_distance(dark, distance)
    assert seen.shape == dark.shape
    inked = seen[0] < 0
    for axis, size in ((1, height), (0, width)):
        rows = np.flatnonzero(inked.any(axis))
        assert rows[0] == size - 1 - rows[-1], "it is in the middle"
        assert abs(len(rows) - size / distance) <= 1.5
    assert (seen[0][~inked] == PAPER).all()


@pytest.mark.parametrize("size", range(1, 9))
def test_the_smallest_is_in_the_middle_too(size):
    inked = np.flatnonzero((at_distance(np.full((1, size, size), -1.0), 100)[0] < 0).any(0))
    assert inked[0] == size - 1 - inked[-1]


def test_from_close_by_it_is_the_frame_itself():
    assert at_distance(IMAGE, 1) is IMAGE


@pytest.mark.parametrize(("height", "width"), [(6, 8), (12, 16), (12, 12), (3, 30)])
def test_a_frame_fits_with_paper_beside_it(height, width):
    dark = np.full((1, 6, 8), -1.0)
    got = fitted(dark, height, width)
    assert got.shape == (1, height, width)
    factor = min(height / 6, width / 8)
    assert (got < 0).sum() == pytest.approx(6 * 8 * factor**2, rel=0.1)
    assert fitted(IMAGE, 6, 8) is IMAGE


def test_coarse_is_the_mean_of_its_pixels():
    got = coarse(IMAGE, 3)
    want = IMAGE.reshape(3, 3, 2, 4, 2).mean((2, 4)).repeat(2, 1).repeat(2, 2)
    assert np.allclose(got, want, atol=1e-6)
    assert coarse(IMAGE, 1).std(axis=(1, 2)).max() < 1e-6
    assert np.allclose(coarse(IMAGE, 99), IMAGE, atol=1e-6), "there are no more pixels than there are"


def test_pixels_are_whole_and_in_range():
    frame = np.array([[[-1.0, 0.0, 1.0, 7.0, -7.0]]])
    assert in_pixels(frame)[0, :, 0].tolist() == [0, 128, 255, 255, 0]
    assert in_pixels(frame).shape == (1, 5, 3), "grey is red, green and blue"
