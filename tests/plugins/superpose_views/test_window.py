"""One window: where it looks, scaled, and refused where the image ends."""

import pytest

from problems import told
from superpose import make


def test_it_looks_at_a_square_of_the_shorter_side_unless_it_is_told():
    assert make("view", "window", left=5).place(8, 30) == (0, 5, 8, 8)
    assert make("view", "window", top=2, size=[3, 4]).place(8, 30) == (2, 0, 3, 4)
    [window] = make("view", "window", left=5, blend="feathered").windows((3, 8, 30))
    assert (window.left, window.whole, window.blend) == (5, (8, 30), "feathered")


def test_of_a_larger_image_it_shows_the_same_part():
    scaled = make("view", "window", top=1, left=2, size=[3, 4]).scaled(4.0)
    assert (scaled.top, scaled.left, scaled.size) == (4, 8, (12, 16))
    assert make("view", "window").scaled(2.0).size is None


@pytest.mark.parametrize(("options", "place"), [({"left": 23}, "left"), ({"top": 1}, "top")])
def test_it_lies_inside_the_image(options, place):
    said = told(make("view", "window", **options), (3, 8, 30))
    assert "window shows rows" in said
    assert "make it smaller, or the canvas larger" in said
    assert next(iter(make("view", "window", **options).problems((3, 8, 30)))).option == (place,)
