"""Drawing of what moves on paper: exact where it lies still, and as large as it should be where it does not."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from superpose_views.drawing import PAPER, Placed, drawn, turning, whole

IMAGE = np.random.default_rng(0).uniform(-1, 0.5, (3, 6, 8))


@pytest.mark.parametrize("zoom", [1, 2, 5])
def test_what_lies_still_is_the_picture_to_the_bit(zoom):
    assert np.array_equal(drawn(IMAGE, zoom, [whole(IMAGE)]), IMAGE.repeat(zoom, 1).repeat(zoom, 2))


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_quarter_turns_are_exact(quarters):
    square = IMAGE[:, :, :6]
    got = drawn(square, 1, [whole(square, quarters * math.pi / 2)])
    assert np.allclose(got, np.rot90(square, quarters, (1, 2)))


@settings(max_examples=25)
@given(st.floats(0, 7), st.floats(0.3, 1), st.floats(0.3, 1))
def test_ink_has_its_area(turn, tall, wide):
    ink = np.full((1, 20, 20), -1.0)
    canvas = np.full((1, 60, 60), PAPER)
    placed = Placed(np.ones((20, 20), bool), (0, 0), (10.0, 10.0), (30.0, 30.0), turn, (tall, wide))
    placed.draw_on(canvas, ink, 1)
    assert (canvas < 0).sum() == pytest.approx(400 * tall * wide, rel=0.12)
    rows, columns = np.nonzero(canvas[0] < 0)
    assert (rows.mean() + 0.5, columns.mean() + 0.5) == pytest.approx((30, 30), abs=0.5)


def test_the_last_lies_on_top_and_where_nothing_lies_is_paper():
    masks = np.zeros((2, 6, 8), bool)
    masks[0, :, :4], masks[1, :, 4:] = True, True
    left, right = (
        Placed(mask, (0, 0), (0.0, 0.0), (0.0, shift), 0.0) for mask, shift in zip(masks, (2, 0), strict=True)
    )
    got = drawn(IMAGE, 1, [left, right])
    assert (got[..., :2] == PAPER).all()
    assert np.array_equal(got[..., 2:4], IMAGE[..., :2])
    assert np.array_equal(got[..., 4:], IMAGE[..., 4:])


@pytest.mark.parametrize("turn", [0.0, 0.4, math.pi / 2, 2.0, math.pi])
def test_a_picture_on_its_turn_stays_on_the_paper(turn):
    placed = turning(IMAGE, turn, math.pi)
    height, width = 6 * placed.size[0], 8 * placed.size[1]
    cos, sin = abs(math.cos(turn)), abs(math.sin(turn))
    if turn in (0.0, math.pi):
        assert placed.size == (1, 1)
    elif turn <= math.pi / 4:
        assert height * cos + width * sin <= 6 + 1e-9
        assert width * cos + height * sin <= 8 + 1e-9


def test_what_is_seen_from_its_edge_is_not_seen():
    assert (drawn(IMAGE, 1, [whole(IMAGE, 0.0, (0.0, 1.0))]) == PAPER).all()
