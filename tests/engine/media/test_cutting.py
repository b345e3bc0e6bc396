"""Pieces of a picture: carried and turned as rigid things, and put together where they lie afterwards."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superpose import Cutting, Piece, make

POINTS = st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=2, max_size=5).map(np.array)
ENDS = st.tuples(st.floats(-9, 9), st.floats(-9, 9))


@given(POINTS, ENDS, ENDS, st.floats(-4, 4))
def test_a_move_keeps_lengths_and_takes_its_point_where_it_says(points, start, end, turn):
    piece = Piece(start, end, turn)
    moved = piece.moved(points)
    lengths = [np.hypot(*np.subtract(*pair)) for pair in ((points[0], points[1]), (moved[0], moved[1]))]
    assert lengths[0] == pytest.approx(lengths[1], abs=1e-9)
    assert np.allclose(piece.moved(np.array([start])), end)


@given(POINTS, ENDS, ENDS, st.floats(-4, 4))
def test_the_way_back_is_the_way_turned_round(points, start, end, turn):
    there, back = Piece(start, end, turn), Piece(end, start, -turn)
    assert np.allclose(back.moved(there.moved(points)), points, atol=1e-8)


def test_a_quarter_turn_is_counter_clockwise():
    """What lay to the right, at (0, 1), lies above afterwards, at (-1, 0)."""
    quarter = Piece((0.0, 0.0), (0.0, 0.0), math.pi / 2)
    assert np.allclose(quarter.moved(np.array([[0.0, 1.0]])), [[-1.0, 0.0]])


@pytest.mark.parametrize("zoom", [1, 3])
@pytest.mark.parametrize("view", [make("view", "square-hinge", squares=2), make("view", "permute", patches=2)], ids=str)
def test_what_is_put_together_is_what_the_view_shows(view, zoom):
    image = np.random.default_rng(0).random((3, 8, 8))
    fine = image.repeat(zoom, 1).repeat(zoom, 2)
    assembled = view.cutting(8, 8, zoom).assembled(fine, np.ones_like(fine))
    assert np.array_equal(assembled, view.frame(image, 1.0).repeat(zoom, 1).repeat(zoom, 2))


def test_where_nothing_lies_the_ground_shows_and_what_leaves_is_gone():
    labels = np.array([[0, 0, 1, 1]])
    pieces = Piece((0.0, 0.0), (0.0, 1.0), 0.0), Piece((0.0, 0.0), (0.0, 9.0), 0.0)
    picture, ground = np.array([[[1.0, 2, 3, 4]]]), np.full((1, 1, 4), -1.0)
    assembled = Cutting(labels, pieces, ()).assembled(picture, ground)
    assert assembled.tolist() == [[[-1, 1, 2, -1]]]
    assert ground.tolist() == [[[-1, -1, -1, -1]]], "nothing is written to"
