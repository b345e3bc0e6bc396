"""A jigsaw along a drawing."""

import numpy as np
import pytest
import torch
from PIL import Image

from problems import told
from superpose import make
from superpose.testing import check_view

#: Two crooked pieces of one shape, turned; a bar; and ground like nothing else.
DRAWING = """
........
.aa..b..
.a...b..
.a..bb..
........
.cccc...
........
........
"""
COLOURS = {".": 0, "a": 80, "b": 160, "c": 240}


def saved(path, text=DRAWING, times=1):
    rows = [[COLOURS[letter] for letter in line] for line in text.split()]
    pixels = np.kron(np.array(rows, np.uint8), np.ones((times, times), np.uint8))
    Image.fromarray(pixels).save(path)
    return make("view", "pieces", picture=path)


def moved(view, size=8):
    there = view.apply(torch.arange(float(size * size)).view(1, 1, size, size))[0, 0].long()
    return {(int(i), int(j)): divmod(int(there[i, j]), size) for i in range(size) for j in range(size)}


def test_pieces_of_one_shape_change_places(tmp_path):
    there = moved(saved(tmp_path / "x.png"))
    a, b, bar = (
        [(i, j) for i, line in enumerate(DRAWING.split()) for j, c in enumerate(line) if c == k] for k in "abc"
    )
    assert {there[place] for place in a} == set(b)
    assert {there[place] for place in b} == set(a)
    # Neighbours stay neighbours: the piece goes whole.
    for (i, j), (k, m) in ((x, y) for x in a for y in a if abs(x[0] - y[0]) + abs(x[1] - y[1]) == 1):
        (p, q), (r, s) = there[i, j], there[k, m]
        assert abs(p - r) + abs(q - s) == 1
    assert [there[place] for place in bar] == bar[::-1]  # like no other, but the same when it is turned
    assert there[0, 0] == (0, 0)


@pytest.mark.parametrize("size", [8, 16, 24])
def test_it_is_a_lawful_view(tmp_path, size):
    check_view(saved(tmp_path / "x.png"), 3, size, size)


def test_stages_of_a_cascade_agree(tmp_path):
    small, large = saved(tmp_path / "x.png"), saved(tmp_path / "y.png", times=4)
    for size in (8, 16, 32):
        assert moved(small, size) == moved(large, size)


def test_seeds_are_different_exchanges(tmp_path):
    saved(tmp_path / "x.png", "aa.bb\n.....\ncc...")
    found = set()
    for seed in range(8):
        view = make("view", "pieces", picture=tmp_path / "x.png", seed=seed)
        found.add(tuple(view.apply(torch.arange(15.0).view(1, 1, 3, 5)).flatten().tolist()))
    assert len(found) == 2  # three alike go round one way or the other


def test_drawings_that_cut_nothing_are_refused(tmp_path):
    assert "no piece of" in told(saved(tmp_path / "x.png", "aab\nabb\nbbb"), (3, 3, 3))
    view = saved(tmp_path / "y.png")
    assert "is 8x8 (height x width), and the image 12x12: draw it in that size" in told(view, (3, 12, 12))
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "z.png")
    assert "colours, and at most 1024 pieces" in told(make("view", "pieces", picture=tmp_path / "z.png"), (3, 64, 64))
