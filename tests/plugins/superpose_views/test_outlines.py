"""Lines between pieces: every edge between two pieces once, straight ways without points on them."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from superpose_views.outlines import arc, edges


def length(lines):
    return sum(float(np.abs(np.diff(line, axis=0)).sum()) for line in lines)


@settings(max_examples=60)
@given(arrays(np.int64, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.integers(0, 2)))
def test_every_edge_is_there_once(labels):
    lines = edges(labels)
    assert length(lines) == (labels[1:] != labels[:-1]).sum() + (labels[:, 1:] != labels[:, :-1]).sum()
    drawn = set()
    for line in lines:
        steps = np.diff(line, axis=0)
        assert ((steps == 0).sum(1) == 1).all(), "along the edges of pixels"
        assert not (np.sign(steps[1:]) == np.sign(steps[:-1])).all(1).any(), "a point on the way of a straight line"
        for (y, x), (dy, dx) in zip(line[:-1], steps, strict=True):
            count = int(abs(dy + dx))
            ends = [(y + dy * k / count, x + dx * k / count) for k in range(count + 1)]
            drawn |= {frozenset(pair) for pair in itertools.pairwise(ends)}
    assert len(drawn) == length(lines), "an edge is drawn twice"


def test_a_square_is_one_closed_line():
    labels = np.zeros((4, 4), np.int64)
    labels[1:3, 1:3] = 1
    [line] = edges(labels)
    assert np.array_equal(line[0], line[-1])
    assert len(line) in (5, 6)
    assert length([line]) == 8


def test_four_pieces_meet_in_lines_that_end_there():
    labels = np.arange(4).reshape(2, 2).repeat(2, 0).repeat(2, 1)
    lines = edges(labels)
    assert len(lines) == 4
    assert all((line == 2).all(1).any() for line in lines)


def test_one_piece_has_no_lines():
    assert edges(np.zeros((3, 3), np.int64)) == ()


@pytest.mark.parametrize(("first", "last"), [(0, math.pi / 2), (0, 2 * math.pi), (1.0, -2.0)])
def test_an_arc_is_round_and_as_long_as_it_should_be(first, last):
    line = arc((3.0, 5.0), 10.0, first, last)
    assert np.allclose(np.hypot(*(line - (3.0, 5.0)).T), 10)
    assert np.allclose(line[0], (3 + 10 * math.cos(first), 5 + 10 * math.sin(first)))
    chords = float(np.hypot(*np.diff(line, axis=0).T).sum())
    assert chords == pytest.approx(10 * abs(last - first), rel=1e-4)
