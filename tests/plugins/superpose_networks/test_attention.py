"""Attention over pixels: diffusers' block over the same weights, and what it must be in closed form."""

import warnings

import pytest
import torch

from superpose_networks import AttentionBlock, assign, ready

with warnings.catch_warnings():  # what diffusers warns of while it is imported is not ours to mend
    warnings.simplefilter("ignore")
    from diffusers.models.attention_processor import Attention


def images(rows=2, channels=12, height=3, width=5):
    return torch.randn(rows, channels, height, width, generator=torch.Generator().manual_seed(0)).double()


@pytest.mark.parametrize("scale", [1.0, 2.0**0.5])
@pytest.mark.parametrize("groups", [None, 3])
@pytest.mark.parametrize("head", [3, 4, 12])
def test_as_in_diffusers(head, groups, scale):
    torch.manual_seed(0)
    theirs = Attention(
        12, heads=12 // head, dim_head=head, norm_num_groups=groups, eps=1e-4, bias=True, residual_connection=True,
        rescale_output_factor=scale,
    ).double().eval()  # fmt: skip
    ours = AttentionBlock(12, head, groups=groups, eps=1e-4, scale=scale)
    assign(ours, theirs.state_dict(), "diffusers")
    x = images()
    with torch.no_grad():
        torch.testing.assert_close(ours.double()(x), theirs(x), atol=1e-10, rtol=1e-10)


def test_channels_that_fill_no_head_get_none_and_a_head_that_is_too_wide_is_refused():
    block = AttentionBlock(12, 5, groups=3)
    assert block.heads == 2
    assert block.state_dict()["to_q.weight"].shape == (10, 12)
    assert block(images().float()).shape == (2, 12, 3, 5)
    with pytest.raises(ValueError, match="an attention head of width 13 does not fit 12 channels"):
        AttentionBlock(12, 13)


def test_a_pixel_may_stand_anywhere():
    """Attention knows no places: pixels that are moved have their answers moved."""
    torch.manual_seed(0)
    block = ready(AttentionBlock(12, 4, groups=3)).double()
    x = images()
    moved = x.flatten(2)[..., torch.randperm(15, generator=torch.Generator().manual_seed(1))]
    order = torch.randperm(15, generator=torch.Generator().manual_seed(1))
    want = block(x).flatten(2)[..., order]
    torch.testing.assert_close(block(moved.view(2, 12, 5, 3)).flatten(2), want)


def test_where_all_pixels_are_alike_each_is_its_own_value():
    torch.manual_seed(0)
    block = ready(AttentionBlock(4, 2, groups=None)).double()
    pixel = torch.randn(1, 4, 1, 1, dtype=torch.float64)
    state = block.state_dict()
    value = pixel[..., 0, 0] @ state["to_v.weight"].T + state["to_v.bias"]
    want = pixel[..., 0, 0] + value @ state["to_out.0.weight"].T + state["to_out.0.bias"]
    got = block(pixel.expand(1, 4, 3, 3))
    torch.testing.assert_close(got, want[..., None, None].expand(1, 4, 3, 3))


def test_rows_are_apart_and_the_argument_is_left_alone():
    torch.manual_seed(0)
    block = ready(AttentionBlock(12, 4, groups=3))
    x = images(3).float()
    before = x.clone()
    whole = block(x)
    assert torch.equal(x, before)
    for i in range(3):
        assert torch.equal(block(x[i : i + 1])[0], whole[i])
