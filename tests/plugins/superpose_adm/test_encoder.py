"""The classifier's network: every pool is that of the original."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from superpose_adm.encoder import AttentionPool, Encoder
from superpose_adm.layout import Heads, Layout


@pytest.mark.parametrize("pool", ["adaptive", "attention", "spatial", "spatial_v2"])
def test_every_pool_is_that_of_the_original(pool: str) -> None:
    """The pools, restated plainly on what the blocks leave."""
    torch.manual_seed(0)
    layout = Layout(
        channels=32, widths=(32, 64), blocks=1, attention=frozenset({1}), in_channels=3, out_channels=5, classes=None,
        scale_shift=True, residual=True,
    )  # fmt: skip
    network = (
        Encoder(layout, Heads(width=32), pool, side=4, hidden=64).double().eval().requires_grad_(requires_grad=False)
    )
    for parameter in network.parameters():
        parameter.data = 0.3 * torch.randn_like(parameter)
    x = torch.randn(3, 3, 8, 8, dtype=torch.float64)
    left: list[torch.Tensor] = []
    seen: list[torch.Tensor] = []
    network.conv_in.register_forward_hook(lambda *call: left.append(call[-1].clone()))
    for block in (
        *network.down_blocks[0].resnets,
        *network.down_blocks[0].downsamplers,
        *network.down_blocks[1].attentions,
    ):
        block.register_forward_hook(lambda *call: left.append(call[-1].clone()))
    network.mid_block.register_forward_hook(lambda *call: seen.append(call[-1].clone()))
    got = network(x, torch.tensor(3.0).double())
    h, out = seen[0], network.out
    act = nn.functional.silu
    if pool == "adaptive":
        want = out["3"](act(out["0"](h)).mean((2, 3)))
    elif pool == "attention":
        tokens = act(out["0"](h)).flatten(2)
        tokens = torch.cat([tokens.mean(-1, keepdim=True), tokens], -1) + out["2"].positional_embedding
        q, k, v = out["2"].qkv_proj(tokens.transpose(1, 2)).transpose(1, 2).chunk(3, 1)
        heads = [one.reshape(3 * 2, 32, -1) for one in (q, k, v)]
        weight = torch.softmax(torch.einsum("bct,bcs->bts", heads[0], heads[1]) / 32**0.5, -1)
        mixed = torch.einsum("bts,bcs->bct", weight, heads[2]).reshape(3, 64, -1)
        want = out["2"].c_proj(mixed[:, :, 0])
    else:
        means = torch.cat([one.mean((2, 3)) for one in (*left, h)], 1)
        hidden = out["0"](means)
        want = out["2"](hidden.relu()) if pool == "spatial" else out["3"](act(out["1"](hidden)))
    torch.testing.assert_close(got, want, rtol=1e-9, atol=1e-9)


def test_attention_from_the_mean_is_that_of_torch() -> None:
    torch.manual_seed(0)
    pool = AttentionPool(16, 4, 3, 5).double()
    nn.init.normal_(pool.positional_embedding)
    x = torch.randn(2, 16, 3, 3, dtype=torch.float64)
    theirs = nn.MultiheadAttention(16, 4, batch_first=True).double()
    with torch.no_grad():
        theirs.in_proj_weight.copy_(pool.qkv_proj.weight)
        theirs.in_proj_bias.copy_(pool.qkv_proj.bias)
        theirs.out_proj.weight.copy_(torch.eye(16))
        theirs.out_proj.bias.zero_()
        places = x.flatten(2)
        places = (torch.cat((places.mean(2, keepdim=True), places), 2) + pool.positional_embedding).transpose(1, 2)
        want = pool.c_proj(theirs(places[:, :1], places, places)[0][:, 0])
        torch.testing.assert_close(pool(x), want)
