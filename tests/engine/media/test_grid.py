"""XY sheets as pictures: tiles in their places, and labels that are readable and never run into each other."""

import numpy as np
from PIL import ImageFont

from superpose.media.grid import BESIDE, LAYOUT, LINES, fitted, grid, wrapped

FONT = ImageFont.load_default(LAYOUT.font)


def tile(shade):
    return np.full((8, 8, 3), (shade, 0, 0), np.uint8)  # no letter has a colour


def test_each_picture_is_in_its_row_and_column():
    cells = {(i, j): tile(100 + 10 * i + j) for i in range(2) for j in range(3) if (i, j) != (1, 1)}
    sheet = grid(cells, ("y", ["a", "b"]), ("x", ["1", "2", "3"]))
    for i, j in cells:
        ys, xs = np.nonzero((sheet == (100 + 10 * i + j, 0, 0)).all(2))
        assert (np.ptp(ys) + 1, np.ptp(xs) + 1) == (LAYOUT.tile, LAYOUT.tile)
        for other, at in (((i + 1, j), 0), ((i, j + 1), 1)):
            if other in cells:
                there = np.nonzero((sheet == (100 + 10 * other[0] + other[1], 0, 0)).all(2))
                assert there[at].min() > (ys, xs)[at].max()


def test_labels_make_room_for_themselves():
    short = grid({(0, 0): tile(100)}, ("y", ["a"]), ("x", ["1"]))
    long = grid({(0, 0): tile(100)}, ("y", ["a much longer label"]), ("x", ["a label of several words"]), "seed = 0")
    assert long.shape[1] > short.shape[1]
    assert long.shape[0] > short.shape[0]
    assert long.shape[1] < short.shape[1] + BESIDE
    row = grid({(0, 0): tile(100)}, ("", [""]), ("x", ["1"]))
    assert row.shape[1] < short.shape[1]


def test_a_label_is_broken_between_words_and_cut_when_it_is_too_long():
    lines = wrapped("one two three four five six seven eight nine ten", 60, FONT)
    assert len(lines) == LINES
    assert lines[0] == "one two"
    assert lines[-1].endswith("…")
    assert all(FONT.getlength(line) <= 60 for line in lines)
    assert wrapped("", 60, FONT) == [""]
    assert fitted("short", 60, FONT) == "short"
    assert FONT.getlength(fitted("a" * 90, 60, FONT)) <= 60
