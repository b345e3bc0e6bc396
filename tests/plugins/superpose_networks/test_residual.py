"""The residual block: that of diffusers over the same weights, and its own code in closed form."""

import warnings

import pytest
import torch

from superpose_networks import ResidualBlock, assign

with warnings.catch_warnings():  # what diffusers warns of while it is imported is not ours to mend
    warnings.simplefilter("ignore")
    from diffusers.models.resnet import ResnetBlock2D


def numbers(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("resample", [None, "up", "down"])
@pytest.mark.parametrize("time", ["add", "scale_shift"])
@pytest.mark.parametrize(("out", "scale"), [(8, 1.0), (12, 2.0**0.5)])
def test_as_in_diffusers(time, resample, out, scale):
    torch.manual_seed(0)
    theirs = ResnetBlock2D(
        in_channels=8, out_channels=out, temb_channels=6, groups=4, groups_out=2, eps=1e-4,
        time_embedding_norm={"add": "default"}.get(time, time), output_scale_factor=scale,
        up=resample == "up", down=resample == "down",
    ).double().eval()  # fmt: skip
    ours = ResidualBlock(8, out, groups=(4, 2), eps=1e-4, time=time, resample=resample, scale=scale)
    state = theirs.state_dict()
    weight, bias = (state.pop(f"time_emb_proj.{part}") for part in ("weight", "bias"))
    assign(ours, state, "diffusers")
    assert ours.time_width == len(bias)
    x, features = numbers(3, 8, 4, 6), numbers(3, 6, seed=1)
    e = (torch.nn.functional.silu(features) @ weight.T + bias)[..., None, None]
    with torch.no_grad():
        torch.testing.assert_close(ours.double()(x.clone(), e), theirs(x, features), atol=1e-10, rtol=1e-10)


def test_without_time_it_is_the_block_of_a_first_stage():
    torch.manual_seed(0)
    theirs = ResnetBlock2D(in_channels=8, temb_channels=None, groups=4).double().eval()
    ours = ResidualBlock(8, 8, groups=4, eps=1e-6, time=None)
    assign(ours, theirs.state_dict(), "diffusers")
    assert ours.time_width == 0
    with torch.no_grad():
        torch.testing.assert_close(ours.double()(numbers(2, 8, 3, 3)), theirs(numbers(2, 8, 3, 3), None))


@pytest.fixture
def block():
    torch.manual_seed(0)
    return ResidualBlock(4, 4, groups=2, time="scale_shift").double().eval().requires_grad_(requires_grad=False)


def test_a_code_scales_once_more_around_one(block):
    x, e, z = numbers(2, 4, 3, 3), numbers(2, 8, 1, 1, seed=1), numbers(2, 4, 1, 1, seed=2)
    assert torch.equal(block(x, e, torch.zeros_like(z)), block(x, e))
    scale, shift = e.chunk(2, 1)
    # (1 + z)((1 + e_s) h + e_b) = (1 + e_s') h + e_b'
    folded = torch.cat(((1 + z) * (1 + scale) - 1, (1 + z) * shift), 1)
    torch.testing.assert_close(block(x, e, z), block(x, folded))


def test_where_the_second_convolution_says_nothing_the_block_is_its_shortcut(block):
    block.conv2.weight.zero_()
    block.conv2.bias.zero_()
    x = numbers(2, 4, 4, 4)
    assert torch.equal(block(x, numbers(2, 8, 1, 1)), x)
    halved = ResidualBlock(4, 4, groups=2, resample="down", scale=2.0).double()
    torch.nn.init.zeros_(halved.conv2.weight)
    torch.nn.init.zeros_(halved.conv2.bias)
    got = halved(x, numbers(2, 4, 1, 1)).detach()
    torch.testing.assert_close(got, torch.nn.functional.avg_pool2d(x, 2) / 2)


def test_a_shortcut_is_a_convolution_where_channels_change_or_it_is_asked_for():
    assert ResidualBlock(4, 4, groups=2).conv_shortcut is None
    assert ResidualBlock(4, 4, groups=2, project=True).conv_shortcut.weight.shape == (4, 4, 1, 1)
    assert ResidualBlock(4, 6, groups=2).conv_shortcut.weight.shape == (6, 4, 1, 1)


def test_another_map_may_resample_both_branches():
    block = ResidualBlock(4, 4, groups=2, resample=lambda x: x[..., ::2, ::2])
    assert block(numbers(1, 4, 6, 4).float(), torch.zeros(1, 4, 1, 1)).shape == (1, 4, 3, 2)


def test_dropout_is_of_training_alone():
    torch.manual_seed(0)
    block = ResidualBlock(4, 4, groups=2, dropout=0.5)
    x, e = numbers(2, 4, 3, 3).float(), torch.zeros(1, 4, 1, 1)
    with torch.no_grad():
        assert not torch.equal(block(x, e), block(x, e))
        assert torch.equal(block.eval()(x, e), block(x, e))


def test_the_argument_is_left_alone(block):
    x = numbers(2, 4, 4, 4)
    before = x.clone()
    block(x, numbers(2, 8, 1, 1), numbers(2, 4, 1, 1))
    assert torch.equal(x, before)
