"""The Vision Transformer that reads noisy images: its blocks are torch's, its squares are told apart by place."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from superpose_glyphs.vision import DEPTH, HEADS, SQUARE, WIDTH, VisionReader

SIDES = (8, 16, 32)


def made(side: int = 16) -> VisionReader:
    torch.manual_seed(0)
    network = VisionReader(5, side).eval()
    for parameter in (network.linear_out.weight, network.positions, network.patches.weight):
        nn.init.normal_(parameter, std=0.1)
    return network


@pytest.mark.parametrize("side", SIDES)
def test_a_row_does_not_depend_on_its_neighbours(side: int) -> None:
    network, x, t = made(side), torch.randn(4, 3, side, side), torch.tensor([0, 10, 500, 999])
    with torch.no_grad():
        want = network(x, t)
        assert want.shape == (4, 5)
        assert float(want.std(0).min()) > 1e-3, "it says the same of all"
        for order in ([1, 0, 2, 3], [3, 3, 0, 1]):
            assert torch.equal(network(x[order], t[order]), want[order]), order


def test_a_block_is_a_layer_of_torchs_transformer() -> None:
    """Pre-norm attention of all tokens to all, then a feed-forward with gates."""
    network = made()
    block, h = network.blocks[0], torch.randn(2, 5, WIDTH)
    theirs = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
    with torch.no_grad():
        told = dict(block.attn.named_parameters())
        theirs.in_proj_weight.copy_(told["to_qkv.weight"])
        theirs.in_proj_bias.zero_()
        theirs.out_proj.weight.copy_(told["to_out.0.weight"])
        theirs.out_proj.bias.copy_(told["to_out.0.bias"])
        normed = block.norm1(h)
        want = h + theirs(normed, normed, normed, need_weights=False)[0]
        value, gate = nn.functional.linear(block.norm2(want), *block.ff.net["0"].proj.parameters()).chunk(2, -1)
        want = want + block.ff.net["2"](value * nn.functional.gelu(gate))
        torch.testing.assert_close(block(h), want, atol=1e-5, rtol=1e-5)
    assert len(network.blocks) == DEPTH


def test_squares_are_told_apart_by_their_places_and_levels_by_the_first_token() -> None:
    network, x = made(), torch.randn(1, 3, 16, 16)
    swapped = torch.cat((x[..., SQUARE:, :], x[..., :SQUARE, :]), 2)
    with torch.no_grad():
        assert not torch.allclose(network(x, torch.tensor(3)), network(swapped, torch.tensor(3)), atol=1e-4)
        assert not torch.allclose(network(x, torch.tensor(3)), network(x, torch.tensor(900)), atol=1e-4)
