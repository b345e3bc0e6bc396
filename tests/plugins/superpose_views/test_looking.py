"""Windows that know the image they look at: what they show, past its edges too, and what counts where."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from superpose_views.looking import Looking, crop, lacking

IMAGE = torch.arange(60.0).view(1, 1, 6, 10)


@given(st.integers(0, 5), st.integers(0, 9), st.integers(1, 6), st.integers(1, 10))
def test_it_shows_a_rectangle_that_goes_round_and_puts_it_back(top, left, height, width):
    window = Looking(top=top, left=left, height=height, width=width, whole=(6, 10))
    seen = window.apply(IMAGE)
    assert torch.equal(seen, IMAGE.roll((-top, -left), (-2, -1))[..., :height, :width])
    assert np.array_equal(seen[0].numpy(), crop(IMAGE[0].numpy(), (top, left, height, width)))
    there = window.invert(torch.ones_like(seen)) > 0
    assert torch.equal(window.invert(seen), IMAGE * there)


def test_the_whole_image_is_handed_through_and_counts_everywhere():
    window = Looking(top=0, left=0, height=6, width=10, whole=(6, 10))
    assert window.apply(IMAGE) is IMAGE
    assert window.invert(IMAGE) is IMAGE
    assert window.share() is None


def test_feathered_it_counts_less_towards_its_edge_and_nothing_outside():
    share = Looking(top=1, left=2, height=4, width=4, whole=(6, 10), blend="feathered").share()
    assert share.shape == (6, 10)
    np.testing.assert_allclose(share[2, 2:6], np.array([0.25, 0.75, 0.75, 0.25]) * 0.75)
    assert share[0].sum() == share[:, 6:].sum() == 0


def test_frames_show_the_image_then_the_part():
    window, image = Looking(top=1, left=2, height=4, width=4, whole=(6, 10)), IMAGE[0].numpy().astype(float)
    assert window.frame(image, 0.4, 2).shape == (1, 12, 20)
    assert np.array_equal(window.frame(image, 1.0), image[:, 1:5, 2:6])


def test_what_an_image_has_not_is_named():
    assert lacking((3, 6, 10), (0, 0, 6, 10)) is None
    assert lacking((3, 6, 10), (2, 8, 4, 4)) == "shows rows 2 to 5, columns 8 to 11 of a 6x10 image"
