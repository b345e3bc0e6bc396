"""Embeddings of noise levels: diffusers' sinusoids, half steps told apart, and maps that files keep apart."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from superpose_networks import TimeEmbedding, TimeProjections, sinusoid


@settings(max_examples=30)
@given(
    st.lists(st.floats(0, 1000, width=32), min_size=1, max_size=4),
    st.integers(4, 65),
    st.booleans(),
    st.sampled_from([0.0, 1.0]),
)
def test_sinusoids_are_those_of_diffusers(times, width, flip, shift):
    from diffusers.models.embeddings import get_timestep_embedding

    t = torch.tensor(times)
    want = get_timestep_embedding(t, width, flip_sin_to_cos=flip, downscale_freq_shift=shift)
    got = sinusoid(t, width, cosine_first=flip, shift=shift)
    torch.testing.assert_close(got, want, atol=2e-4, rtol=1e-4)


def test_half_precision_tells_half_steps_apart():
    whole, half = sinusoid(torch.tensor([999.0, 999.5]), 32)
    assert not torch.equal(whole, half)
    assert sinusoid(torch.tensor([3.0], dtype=torch.float16), 8).dtype == torch.float32


def test_a_row_does_not_see_the_others():
    t = torch.tensor([3.0, 500.0, 7.25])
    torch.manual_seed(0)
    layers = TimeEmbedding(32, 16)
    with torch.inference_mode():
        whole = layers(sinusoid(t, 32))
        for k in range(3):
            assert torch.equal(layers(sinusoid(t[k : k + 1], 32))[0], whole[k])


class Blocks(nn.Module):
    def __init__(self, widths):
        super().__init__()
        self.time_projections = TimeProjections(self, 5, widths)


@pytest.mark.parametrize("prefix", ["", "unet."])
def test_maps_are_one_in_memory_and_apart_in_files(prefix):
    widths = {"down.0": 3, "middle": 2, "up.0": 4}
    torch.manual_seed(0)
    network = Blocks(widths)
    outer = nn.ModuleDict({"unet": network}) if prefix else network
    state = outer.state_dict()
    assert set(state) == {f"{prefix}{block}.time_emb_proj.{part}" for block in widths for part in ("weight", "bias")}
    features = torch.randn(2, 5)
    for part, (block, width) in zip(network.time_projections.parts(features), widths.items(), strict=True):
        assert part.shape == (2, width, 1, 1)
        own = features @ state[f"{prefix}{block}.time_emb_proj.weight"].T + state[f"{prefix}{block}.time_emb_proj.bias"]
        torch.testing.assert_close(part[..., 0, 0], own)
    again = Blocks(widths)
    (nn.ModuleDict({"unet": again}) if prefix else again).load_state_dict(state)
    assert torch.equal(again.time_projections.linear.weight, network.time_projections.linear.weight)


def test_a_map_that_a_file_lacks_is_missed_by_its_own_name():
    network = Blocks({"down.0": 3, "middle": 2})
    state = network.state_dict()
    del state["middle.time_emb_proj.bias"]
    with pytest.raises(RuntimeError, match=r"time_projections\.linear\.bias"):
        network.load_state_dict(state)
