"""The view that changes nothing."""

import numpy as np
import torch

from superpose import make


def test_it_hands_the_very_tensor_through():
    """So that what is asked of it is asked once with every other question about the image."""
    x = torch.zeros(1, 3, 4, 4)
    view = make("view", "identity")
    assert view.apply(x) is x
    assert view.invert(x) is x


def test_its_animation_rests():
    image = np.random.default_rng(0).random((3, 4, 5))
    view = make("view", "identity")
    for u in (0.0, 0.3, 1.0):
        np.testing.assert_array_equal(view.frame(image, u), image)
        np.testing.assert_array_equal(view.frame(image, u, 3), image.repeat(3, 1).repeat(3, 2))
