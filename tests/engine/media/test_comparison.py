"""Two pictures held against each other, in figures and as a picture."""

import math

import numpy as np
import pytest

from superpose.media.comparison import GAP, GREY, PictureDifference, side_by_side


@pytest.fixture
def one():
    return np.random.default_rng(0).integers(0, 200, (6, 5, 3), np.uint8)


def test_equal_pictures(one):
    found = PictureDifference.of(one, one)
    assert (found.pixels, found.largest, found.mean, found.psnr) == (0, 0, 0, math.inf)
    assert str(found) == "the same pixels"


def test_figures_of_a_known_difference(one):
    two = one.copy()
    two[0, 0, 0] += 30
    two[1, 1] += 10
    found = PictureDifference.of(one, two)
    assert found.pixels == pytest.approx(2 / 30)
    assert found.largest == 30
    assert found.mean == pytest.approx(60 / 90)
    assert found.psnr == pytest.approx(10 * math.log10(255**2 * 90 / (900 + 3 * 100)))
    assert found == PictureDifference.of(two, one), "bytes were subtracted as such"


def test_the_picture_shows_both_and_where_they_differ(one):
    two = one.copy()
    two[0, 0, 0] += 30
    two[5, 4, 2] -= min(15, two[5, 4, 2])
    shown = side_by_side(one, two)
    assert shown.shape == (6, 3 * 5 + 2 * GAP, 3)
    assert np.array_equal(shown[:, :5], one)
    assert np.array_equal(shown[:, 5 + GAP : 10 + GAP], two)
    apart = shown[:, 10 + 2 * GAP :]
    assert apart[0, 0, 0] == 255
    assert apart[5, 4, 2] < GREY
    assert (apart == GREY).sum() == 90 - 2
