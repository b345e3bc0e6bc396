"""Windows over a large image: everything is seen, evenly, and round the edges where they are joined."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from problems import told
from superpose import make


def starts(length, window, **options):
    view = make("view", "panorama", size=[1, window], **options)
    return [window.left for window in view.windows((1, 1, length))]


def test_windows_begin_and_end_with_the_image_and_are_at_most_a_stride_apart():
    assert starts(64, 32) == [0, 16, 32]
    assert starts(70, 32, stride=16) == [0, 12, 25, 38]
    assert starts(32, 32) == [0]
    assert starts(64, 32, wrap="width") == [0, 16, 32, 48]


@given(length=st.integers(4, 60), window=st.integers(1, 12), stride=st.integers(1, 20), wrap=st.booleans())
def test_every_place_is_seen_and_with_joined_edges_equally_often_where_the_stride_divides(length, window, stride, wrap):
    window = min(window, length)
    found = starts(length, window, stride=stride, wrap="width" if wrap else "none")
    seen = torch.zeros(length)
    for start in found:
        for i in range(window):
            seen[(start + i) % length] += 1
    assert seen.min() >= 1
    gaps = [b - a for a, b in pairwise(found)] + [length - found[-1]] * wrap
    assert all(0 < gap <= min(stride, window) for gap in gaps)
    if wrap and length % min(stride, window) == 0 and window % min(stride, window) == 0:
        assert seen.min() == seen.max()


def test_a_rectangle_is_covered_and_no_more():
    view = make("view", "panorama", left=10, width=20, size=[4, 4], stride=4)
    assert view.place(4, 50) == (0, 10, 4, 20)
    assert [window.left for window in view.windows((3, 4, 50))] == [10, 14, 18, 22, 26]


def test_scaled_it_has_the_same_windows():
    view = make("view", "panorama", left=2, width=20, size=[4, 4], stride=4)
    small, large = view.windows((3, 4, 30)), view.scaled(2.0).windows((3, 8, 60))
    assert [2 * window.left for window in small] == [window.left for window in large]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"size": [9, 8]}, "a panorama of windows of 9x8 looks at 8x30"),
        ({"left": 30}, "panorama shows rows 0 to 7, columns 30 to 30 of a 8x30 image"),
        ({"left": 5, "wrap": "width"}, "does not span the image's width"),
        ({"height": 4, "size": [4, 4], "wrap": "both"}, "does not span the image's height"),
    ],
)
def test_what_can_t_be_covered_is_refused(options, why):
    assert why in told(make("view", "panorama", **options), (3, 8, 30))
