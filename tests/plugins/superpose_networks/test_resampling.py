"""Halving and doubling: as in diffusers, and by hand where no convolution is."""

import pytest
import torch

from superpose_networks import Downsample, Upsample
from superpose_networks.resampling import double, halve

X = torch.arange(16.0).view(1, 1, 4, 4)


def test_doubling_and_halving_undo_each_other():
    assert torch.equal(double(X)[..., ::2, ::2], X)
    assert torch.equal(halve(double(X)), X)
    assert halve(X).flatten().tolist() == [2.5, 4.5, 10.5, 12.5]


@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("side", [4, 7, 8])
def test_a_downsample_is_that_of_diffusers(padding, side):
    from diffusers.models.downsampling import Downsample2D

    torch.manual_seed(0)
    ours = Downsample(3, padding)
    theirs = Downsample2D(3, use_conv=True, padding=padding, name="op")
    theirs.conv.load_state_dict(ours.conv.state_dict())
    x = torch.randn(2, 3, side, side)
    torch.testing.assert_close(ours(x), theirs(x))


def test_an_upsample_is_that_of_diffusers():
    from diffusers.models.upsampling import Upsample2D

    torch.manual_seed(0)
    ours, theirs = Upsample(3), Upsample2D(3, use_conv=True)
    theirs.conv.load_state_dict(ours.conv.state_dict())
    x = torch.randn(2, 3, 5, 4)
    torch.testing.assert_close(ours(x), theirs(x))
