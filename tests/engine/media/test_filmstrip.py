"""Filmstrips: each frame stands where its row and column say, to the pixel, under its heading."""

import numpy as np

from superpose.media.filmstrip import BEFORE, GAP, LINE, PAPER, TILE, Strip, drawn

HEADINGS = [("t = 999", "0.01"), ("t = 0", "1.00")]


def frame(value, side=TILE):
    return np.full((side, side, 3), value, np.uint8)


def place(row, column, side=TILE):
    top, left = 2 * LINE + 2 * GAP + row * (side + GAP), BEFORE + column * (side + GAP)
    return slice(top, top + side), slice(left, left + side)


def test_frames_stand_in_rows_and_columns_and_gaps_are_paper():
    pixels = drawn([Strip(HEADINGS, [("state", [frame(10), frame(20)]), ("clean", [None, frame(40)])])])
    assert pixels.shape == (2 * LINE + 2 * GAP + 2 * (TILE + GAP), BEFORE + 2 * (TILE + GAP) + GAP, 3)
    for row, column, value in ((0, 0, 10), (0, 1, 20), (1, 1, 40)):
        assert (pixels[place(row, column)] == value).all()
    assert (pixels[place(1, 0)] == PAPER).all(), "where there is no frame there is paper"
    between = pixels[place(0, 0)[0], BEFORE + TILE : BEFORE + TILE + GAP]
    assert (between == PAPER).all()


def test_headings_stand_above_their_frames_and_titles_before_their_rows():
    strip = Strip(HEADINGS, [("state", [frame(10), frame(20)])])
    pixels = drawn([strip])
    for column in range(2):
        above = pixels[: 2 * LINE, place(0, column)[1]]
        assert (above[:LINE] < 200).any()
        assert (above[LINE:] < 200).any()
    before = pixels[place(0, 0)[0], :BEFORE]
    assert (before < 100).any()
    untitled = drawn([Strip([("", ""), ("", "")], [("", [frame(10), frame(20)])])])
    assert set(np.unique(untitled)) == {10, 20, 255}


def test_small_frames_are_enlarged_by_a_whole_factor():
    small = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    pixels = drawn([Strip(HEADINGS[:1], [("", [small])])])
    assert np.array_equal(pixels[place(0, 0)], np.kron(small, np.ones((TILE // 2, TILE // 2, 1), np.uint8)))


def test_strips_stand_below_each_other_the_narrower_with_paper_beside():
    wide, narrow = (Strip(HEADINGS[:n], [("", [frame(9 * n)] * n)]) for n in (2, 1))
    pixels = drawn([wide, narrow])
    first = drawn([wide])
    assert np.array_equal(pixels[: len(first)], first)
    second = drawn([narrow])
    assert np.array_equal(pixels[len(first) :, : second.shape[1]], second)
    assert (pixels[len(first) :, second.shape[1] :] == PAPER).all()


def test_grey_frames_are_frames():
    pixels = drawn([Strip(HEADINGS[:1], [("", [np.full((TILE, TILE, 1), 77, np.uint8)])])])
    assert (pixels[place(0, 0)] == 77).all()
