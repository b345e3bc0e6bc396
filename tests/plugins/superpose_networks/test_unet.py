"""The U-Net that families share: its parts, their names and their order, whatever the blocks are."""

import pytest
import torch
from torch import nn

from superpose_networks import Downsample, ResidualBlock, UNet, Upsample, ready


class Factory:
    """Plain blocks of few channels."""

    def __init__(self, widths):
        self.widths = widths

    def residual(self, in_channels, out_channels, way):
        del way
        return ResidualBlock(in_channels, out_channels, groups=2)

    def attention(self, level, way):
        del level, way

    def downsample(self, level):
        return Downsample(self.widths[level])

    def upsample(self, level):
        return Upsample(self.widths[-1 - level])


def network(widths=(4, 6, 8), blocks=(1, 2, 1), **more):
    torch.manual_seed(0)
    sizes = {"in_channels": 3, "out_channels": 5, "features": 7, "groups": 2} | more
    return ready(UNet(Factory(widths), widths=widths, blocks=blocks, **sizes))


def numbers(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("widths", "blocks"), [((4,), (1,)), ((4, 6), (2, 1)), ((4, 6, 8), (1, 2, 1))])
@pytest.mark.parametrize("middle", [0, 1, 2])
def test_an_answer_has_the_size_of_the_question_and_the_channels_that_are_written(widths, blocks, middle):
    made = network(widths, blocks, middle=middle)
    assert made.run(numbers(2, 3, 8, 12), numbers(2, 7)).shape == (2, 5, 8, 12)
    assert len(made.down_blocks) == len(made.up_blocks) == len(widths)
    assert [len(level.resnets) for level in made.up_blocks] == [count + 1 for count in reversed(blocks)]
    assert (made.mid_block is None) == (middle == 0)


def test_names_are_those_that_diffusers_made_common():
    names = set(network().state_dict())
    for name in (
        "conv_in.weight", "down_blocks.1.resnets.1.conv1.weight", "down_blocks.0.downsamplers.0.conv.bias",
        "mid_block.resnets.1.norm2.weight", "up_blocks.2.resnets.0.conv_shortcut.weight",
        "up_blocks.0.upsamplers.0.conv.weight", "up_blocks.1.resnets.2.time_emb_proj.weight", "conv_norm_out.bias",
        "conv_out.weight",
    ):  # fmt: skip
        assert name in names, name
    assert not [name for name in names if name.startswith(("time_projections", "up_blocks.2.upsamplers"))]
    assert "down_blocks.2.downsamplers.0.conv.weight" not in names, "the bottom is not halved"


@pytest.mark.parametrize("size", [(8, 6), (7, 8), (2, 4)])
def test_sides_that_can_not_be_halved_are_refused(size):
    with pytest.raises(ValueError, match=rf"images of \({size[0]}, {size[1]}\) cannot be halved 2 times"):
        network().run(numbers(1, 3, *size), numbers(1, 7))
    assert network((4,), (1,)).run(numbers(1, 3, *size), numbers(1, 7)).shape[2:] == size


def test_each_row_is_told_its_own_features_and_one_stands_for_all():
    made, x = network(), numbers(1, 3, 8, 8).expand(3, -1, -1, -1)
    features = numbers(3, 7)
    answers = made.run(x, features)
    assert not torch.allclose(answers[0], answers[1], atol=1e-4)
    assert torch.equal(made.run(x, features[:1])[2], answers[0])
    order = [2, 0, 1]
    assert torch.equal(made.run(x, features[order]), answers[order]), "a row is the same wherever it stands"


def test_what_a_level_leaves_is_read_again_on_the_way_up():
    """Where nothing comes from below, the answer hears the image all the same."""
    made = network()
    for level in made.up_blocks:
        for resampler in level.upsamplers:
            nn.init.zeros_(resampler.conv.weight)
    one, other = (made.run(numbers(1, 3, 8, 8, seed=seed), numbers(1, 7)) for seed in (0, 1))
    assert not torch.allclose(one, other, atol=1e-3)


def test_a_code_is_read_by_every_block_under_a_name_of_its_own():
    made = network(code=9)
    coded = [name for name in made.state_dict() if name.endswith("cond_emb_proj.weight")]
    timed = [name for name in made.state_dict() if name.endswith("time_emb_proj.weight")]
    assert len(coded) == len(timed) == sum(isinstance(one, ResidualBlock) for one in made.modules())
    x, features = numbers(1, 3, 8, 8), numbers(1, 7)
    one, other = (made.run(x, features, code=numbers(1, 9, seed=seed)) for seed in (1, 2))
    assert not torch.allclose(one, other, atol=1e-4)


def test_the_first_convolution_may_write_other_channels_than_the_first_level():
    made = network(first=2)
    assert made.conv_in.weight.shape[:2] == (2, 3)
    assert made.up_blocks[-1].resnets[-1].conv1.weight.shape[:2] == (4, 6), "it reads the first skip too"
    assert isinstance(made.conv_out, nn.Conv2d)
    assert made.run(numbers(1, 3, 8, 8), numbers(1, 7)).shape == (1, 5, 8, 8)
