"""The negative: every value with its sign changed, and no variance touched."""

import numpy as np
import torch

from superpose import make

VIEW = make("view", "negate")
X = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))


def test_it_is_its_own_inverse_and_leaves_variances_alone():
    assert torch.equal(VIEW.apply(X), -X)
    assert torch.equal(VIEW.invert(VIEW.apply(X)), X)
    assert VIEW.apply_to_variance(X) is X


def test_frames_fade_through_grey():
    image = X[0].double().numpy()
    assert np.array_equal(VIEW.frame(image, 0.0), image)
    assert np.array_equal(VIEW.frame(image, 1.0), -image)
    assert not VIEW.frame(image, 0.5).any()
    assert np.array_equal(VIEW.frame(image, 1.0, 2), (-image).repeat(2, 1).repeat(2, 2))
