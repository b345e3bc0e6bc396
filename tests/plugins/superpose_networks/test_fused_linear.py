"""Linear maps that files keep apart: one in memory, the same numbers, and a missing part missed."""

import pytest
import torch
from torch import nn

from superpose_networks import fused_linear

NAMES = ("to_q", "to_k", "to_v")


class Attention(nn.Module):
    def __init__(self, bias):
        super().__init__()
        fused_linear(self, "qkv", NAMES, nn.Linear(4, 9, bias=bias))


@pytest.mark.parametrize("bias", [True, False])
def test_there_and_back(bias):
    torch.manual_seed(0)
    network = nn.Sequential(Attention(bias))
    state = network.state_dict()
    parts = ("weight", "bias") if bias else ("weight",)
    assert list(state) == [f"0.{name}.{part}" for part in parts for name in NAMES]
    x = torch.randn(2, 4)
    apart = [
        nn.functional.linear(x, state[f"0.{name}.weight"], state[f"0.{name}.bias"] if bias else None) for name in NAMES
    ]
    torch.testing.assert_close(network[0].qkv(x), torch.cat(apart, 1))
    again = nn.Sequential(Attention(bias))
    again.load_state_dict(state)
    assert torch.equal(again[0].qkv(x), network[0].qkv(x))


def test_a_missing_part_is_missed():
    network = Attention(bias=True)
    state = network.state_dict()
    del state["to_k.weight"]
    with pytest.raises(RuntimeError, match=r"Missing key\(s\) in state_dict: .*qkv\.weight"):
        network.load_state_dict(state)
