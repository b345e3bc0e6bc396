"""Mirrors: along which way, twice is none, and the card that is turned over."""

import numpy as np
import pytest
import torch

from superpose import make

X = torch.arange(24.0).view(1, 2, 3, 4)
WAYS = {"vertical": X.numpy()[..., ::-1, :], "horizontal": X.numpy()[..., ::-1], "both": X.numpy()[..., ::-1, ::-1]}


@pytest.mark.parametrize("axis", WAYS)
def test_pixels_change_places_along_it(axis):
    view = make("view", "flip", axis=axis)
    assert np.array_equal(view.apply(X).numpy(), WAYS[axis])
    assert torch.equal(view.invert(view.apply(X)), X)


@pytest.mark.parametrize("axis", WAYS)
def test_frames_end_where_the_view_is(axis):
    view = make("view", "flip", axis=axis)
    image = X[0].double().numpy()
    assert np.array_equal(view.frame(image, 0.0), image)
    assert np.array_equal(view.frame(image, 1.0), WAYS[axis][0])
    assert view.frame(image, 0.3, 5).shape == (2, 15, 20)


@pytest.mark.parametrize("axis", ["vertical", "horizontal"])
def test_half_way_a_card_is_seen_from_its_edge(axis):
    frame = make("view", "flip", axis=axis).frame(np.zeros((1, 8, 8)), 0.5)
    assert (frame == 1).all(), "nothing but paper"


def test_both_is_half_a_turn():
    turned = make("view", "rotate", degrees=180).apply(X)
    assert torch.equal(make("view", "flip", axis="both").apply(X), turned)
