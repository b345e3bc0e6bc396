"""Views as moves of pixels: what a page does by a table is what the view does, and what is no move is not one."""

import base64
import zlib

import numpy as np
import pytest
import torch

from superpose import make, to_pixels
from superpose.running.gallery.moves import move_of

VIEWS = [
    ("identity", {}),
    ("flip", {}),
    ("rotate", {"degrees": 90}),
    ("rotate", {"degrees": 180}),
    ("negate", {}),
    ("jigsaw", {"pieces": 4}),
    ("inner-circle", {}),
    ("skew", {}),
    ("permute", {"patches": 6}),
    ("square-hinge", {}),
]


def unpacked(move):
    """The table as a page reads it."""
    packed = move.packed()
    places = np.arange(packed["height"] * packed["width"])
    if packed["steps"]:
        places = places + np.frombuffer(zlib.decompress(base64.b64decode(packed["steps"])), "<i4")
    return places, packed["negative"]


def shown(pixels, move):
    sources, negative = unpacked(move)
    flat = pixels.reshape(-1, 3)[sources].reshape(move.height, move.width, 3)
    return 255 - flat if negative else flat


@pytest.mark.parametrize(("kind", "options"), VIEWS, ids=str)
def test_a_move_is_the_view(kind, options):
    view = make("view", kind, **options)
    pixels = np.random.default_rng(0).integers(0, 256, (36, 36, 3), np.uint8)
    images = torch.from_numpy(pixels.transpose(2, 0, 1).astype(np.float32))[None] / 127.5 - 1
    [want] = to_pixels(view.apply(images))
    assert np.array_equal(shown(pixels, move_of([view], 36, 36)), want)


def test_views_in_a_row_are_one_move():
    views = [make("view", "negate"), make("view", "rotate", degrees=90), make("view", "jigsaw")]
    pixels = np.random.default_rng(1).integers(0, 256, (32, 32, 3), np.uint8)
    images = torch.from_numpy(pixels.transpose(2, 0, 1).astype(np.float32))[None] / 127.5 - 1
    for view in views:
        images = view.apply(images)
    assert np.array_equal(shown(pixels, move_of(views, 32, 32)), to_pixels(images)[0])


def test_an_image_that_is_not_square_turns():
    move = move_of([make("view", "rotate", degrees=180)], 6, 10)
    assert (move.height, move.width) == (6, 10)
    assert unpacked(move)[0].tolist() == list(range(59, -1, -1))


def test_what_mixes_values_is_no_move():
    assert move_of([make("view", "rotate", degrees=45)], 32, 32) is None


def test_no_table_is_packed_where_nothing_moves():
    assert move_of([], 8, 8).packed() == {"steps": "", "negative": False, "height": 8, "width": 8}
