"""Half a U-Net: the way down of a whole one, with the same parts by the same names."""

from itertools import repeat

import pytest
import torch
from torch import nn

from superpose_networks import Downsample, ResidualBlock, UNetEncoder, ready


class Factory:
    """Blocks that know no time."""

    def residual(self, in_channels, out_channels, way):
        del way
        return ResidualBlock(in_channels, out_channels, groups=2, time=None)

    def attention(self, level, way):
        del level, way

    def downsample(self, level):
        return Downsample((4, 6, 8)[level])


def encoder(widths=(4, 6, 8), blocks=2):
    torch.manual_seed(0)
    return ready(UNetEncoder(Factory(), widths=widths, blocks=blocks, in_channels=3))


def images(rows=2, side=8):
    return torch.randn(rows, 3, side, side, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("widths", "side"), [((4,), 8), ((4, 6), 4), ((4, 6, 8), 2)])
def test_features_are_those_of_the_bottom(widths, side):
    assert encoder(widths).run(images(), repeat(())).shape == (2, widths[-1], side, side)


def test_it_leaves_what_the_first_convolution_and_each_block_and_halving_give():
    made, left = encoder(), []
    answer = made.run(images(), repeat(()), left)
    assert [tuple(one.shape[1:]) for one in left] == [
        (4, 8, 8), (4, 8, 8), (4, 8, 8), (4, 4, 4), (6, 4, 4), (6, 4, 4), (6, 2, 2), (8, 2, 2), (8, 2, 2),
    ]  # fmt: skip
    assert torch.equal(left[0], made.conv_in(images()))
    assert torch.equal(made.mid_block(left[-1], repeat(())), answer)
    assert torch.equal(made.run(images(), repeat(())), answer), "to be asked for them changes nothing"


def test_it_is_the_levels_one_after_the_other():
    made = encoder()
    h = made.conv_in(images())
    for level in made.down_blocks:
        for resnet in level.resnets:
            h = resnet(h)
        for halving in level.downsamplers:
            h = halving(h)
    for resnet in made.mid_block.resnets:
        h = resnet(h)
    assert torch.equal(made.run(images(), repeat(())), h)
    assert not list(made.down_blocks[-1].downsamplers)
    assert all(isinstance(level, nn.Module) for level in made.down_blocks)


def test_rows_are_apart():
    made, x = encoder(), images(3)
    whole = made.run(x, repeat(()))
    for i in range(3):
        # Beside others, for one small image alone PyTorch convolves by code of its own, of other last bits on some
        # processors; all forward passes of the engine have as many rows.
        assert torch.equal(made.run(x[[i, i]], repeat(()))[1], whole[i])
