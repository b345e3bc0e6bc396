"""Shares of regions in a drawing: those that mix its colours, and no third one."""

from itertools import permutations

import numpy as np
import pytest

from superpose_decompositions.soft_edges import shares_of

RED, BLUE, PURPLE = np.array([255.0, 0, 0]), np.array([0, 0, 255.0]), np.array([128.0, 0, 128])


def drawn(cover, over=BLUE, paper=RED):
    """A drawing whose pixels are covered to these shares, shape (H, W, 3)."""
    cover = np.asarray(cover, float)[..., None]
    return paper * (1 - cover) + over * cover


def edge(at, size=12):
    """The share of each pixel of a row that lies to the right of a place."""
    return np.tile(np.clip(np.arange(size) + 1 - at, 0, 1), (size, 1))


@pytest.mark.parametrize("at", [5.0, 5.25, 5.5, 5.9])
def test_an_edge_is_shared_as_it_was_drawn(at):
    """Half red and half blue is purple; that purple has a region of its own changes nothing."""
    pixels = drawn(edge(at))
    pixels[9:, :4] = PURPLE
    for order in permutations(range(3)):
        shares = shares_of(pixels, np.stack([RED, BLUE, PURPLE])[list(order)])
        red, blue, purple = shares[np.argsort(order)]
        np.testing.assert_allclose(blue[:8], edge(at)[:8], atol=1e-9)
        np.testing.assert_allclose(red[:8], 1 - edge(at)[:8], atol=1e-9)
        assert purple[:8].max() == 0
        assert purple[10:, :3].min() == 1


@pytest.mark.parametrize("seed", range(4))
def test_shares_of_anything_sum_to_one(seed):
    rng = np.random.default_rng(seed)
    colours = rng.integers(0, 256, (4, 3)).astype(float)
    pixels = np.where(rng.random((9, 7, 1)) < 0.5, colours[rng.integers(0, 4, (9, 7))], rng.random((9, 7, 3)) * 255)
    shares = shares_of(pixels, colours)
    assert shares.shape == (4, 9, 7)
    assert shares.min() >= 0
    np.testing.assert_allclose(shares.sum(0), 1)


def test_hard_edges_stay_as_they_are():
    which = np.zeros((8, 8), int)
    which[:, 3:], which[5:, 5:] = 1, 2
    shares = shares_of(np.stack([RED, BLUE, PURPLE])[which], np.stack([RED, BLUE, PURPLE]))
    np.testing.assert_array_equal(shares, which == np.arange(3)[:, None, None])


def test_a_thin_line_keeps_a_colour_that_no_two_sides_mix():
    pixels = drawn(edge(6.0))
    pixels[4] = 0, 255, 0
    shares = shares_of(pixels, np.stack([RED, BLUE, np.array([0, 255.0, 0])]))
    assert (shares[2] == (np.arange(12) == 4)[:, None]).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (2, 2)])
def test_a_drawing_too_small_for_insides_goes_by_the_nearest_colour(size):
    near = np.array([200.0, 0, 30])
    shares = shares_of(np.broadcast_to(near, (*size, 3)).copy(), np.stack([BLUE, RED]))
    assert (shares[1] == 1).all()
    assert (shares[0] == 0).all()
