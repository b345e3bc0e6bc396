"""IF's U-Net is the published one: equal to diffusers on recorded files and on any configuration."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from superpose_deepfloyd.config import IFConfig
from superpose_deepfloyd.network import IFUNet
from superpose_deepfloyd.stage import read_stage
from superpose_networks import assign

with warnings.catch_warnings():  # what diffusers warns of while it is imported is not ours to mend
    warnings.simplefilter("ignore")
    import diffusers

Published: Any = diffusers.UNet2DConditionModel

FIXTURES = Path(__file__).parents[2] / "fixtures"


def load(folder: Path) -> IFUNet:
    return read_stage(folder).network.load("cpu", torch.float32)


def ask(network: IFUNet, x: torch.Tensor, t: torch.Tensor, states: torch.Tensor, *level: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        return network(x, t, *network.read(states), *level)


def published(network: Any, x: torch.Tensor, t: torch.Tensor, states: torch.Tensor, *level: torch.Tensor) -> Any:
    with torch.inference_mode():
        return network(x, t, states, *level).sample


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    """Small networks of every kind that the configuration admits."""
    groups = draw(st.sampled_from([1, 2, 4]))
    levels = draw(st.integers(1, 3))
    head = draw(st.sampled_from([1, 2]))
    widths = [4 * groups * draw(st.integers(1, 3)) for _ in range(levels)]
    heads = draw(st.sampled_from([head, [draw(st.sampled_from([1, 2, 4])) for _ in widths]]))
    pooled = draw(st.sampled_from([1, 2, 4]))
    down = ("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D")
    up = ("ResnetUpsampleBlock2D", "SimpleCrossAttnUpBlock2D")
    activation = st.sampled_from(["silu", "swish", "gelu", "relu", "mish"])
    return {
        "sample_size": 8,
        "in_channels": draw(st.integers(1, 6)),
        "out_channels": draw(st.integers(1, 6)),
        "center_input_sample": draw(st.booleans()),
        "flip_sin_to_cos": draw(st.booleans()),
        "freq_shift": draw(st.sampled_from([0, 1])),
        "down_block_types": [draw(st.sampled_from(down)) for _ in widths],
        "mid_block_type": "UNetMidBlock2DSimpleCrossAttn",
        "up_block_types": [draw(st.sampled_from(up)) for _ in widths],
        "block_out_channels": widths,
        "layers_per_block": draw(st.sampled_from([1, 2, [draw(st.integers(1, 2)) for _ in widths]])),
        "mid_block_scale_factor": draw(st.sampled_from([1, 1.5])),
        "act_fn": draw(activation),
        "norm_num_groups": groups,
        "norm_eps": draw(st.sampled_from([1e-5, 1e-3])),
        "cross_attention_dim": draw(st.sampled_from([32, 64])),
        "encoder_hid_dim": draw(st.sampled_from([None, 12])),
        "attention_head_dim": heads,
        "only_cross_attention": draw(st.sampled_from([False, True, [draw(st.booleans()) for _ in widths]])),
        "mid_block_only_cross_attention": draw(st.sampled_from([None, False, True])),
        "cross_attention_norm": draw(st.sampled_from([None, "group_norm"])),
        "class_embed_type": draw(st.sampled_from([None, "timestep"])),
        "addition_embed_type": "text",
        "addition_embed_type_num_heads": pooled,
        "resnet_time_scale_shift": draw(st.sampled_from(["default", "scale_shift"])),
        "resnet_skip_time_act": draw(st.booleans()),
        "resnet_out_scale_factor": draw(st.sampled_from([1.0, 1 / 0.7071])),
        "time_embedding_dim": draw(st.sampled_from([None, 12])),
        "time_embedding_act_fn": draw(st.one_of(st.none(), activation)),
    }


@settings(max_examples=25)
@given(config=configurations(), rows=st.integers(1, 3), tokens=st.integers(2, 5), seed=st.integers(0, 2**16))
def test_any_configuration_as_in_diffusers(config: dict[str, Any], rows: int, tokens: int, seed: int) -> None:
    # In float64 two orders of summation differ by 1e-15. The published softmax over the tokens stays in float32.
    torch.manual_seed(seed)
    theirs = Published(**config).eval().double()
    for parameter in theirs.parameters():
        parameter.data += 0.2 * torch.randn_like(parameter)
    ours = IFUNet(IFConfig.from_mapping(theirs.config)).double()
    assign(ours, dict(theirs.state_dict()), "diffusers")
    x = torch.randn(rows, config["in_channels"], 8, 8).double()
    states = torch.randn(rows, tokens, config["encoder_hid_dim"] or config["cross_attention_dim"]).double()
    level = (torch.rand(rows) * 250,) if config["class_embed_type"] else ()
    t = torch.rand(rows) * 999
    want, got = published(theirs, x, t, states, *level), ask(ours, x, t, states, *level)
    assert (got - want).abs().max() <= 1e-6 * want.abs().max(), config
    kept = ours.state_dict()
    assert {name: value.shape for name, value in kept.items()} == {k: v.shape for k, v in theirs.state_dict().items()}
    assert all(torch.equal(kept[name], value) for name, value in theirs.state_dict().items()), config


@pytest.mark.parametrize("case", ["df_f_if_stage1", "df_g_if_stage2"])
def test_recorded_answers(case: str) -> None:
    folder = FIXTURES / case
    wanted = json.loads((folder / "case.json").read_text())["outputs"]["out"]
    asked, want = load_file(folder / "inputs.safetensors"), load_file(folder / "outputs.safetensors")["out"]
    network = load(folder / "pipeline" / "unet")
    level = (asked["class_labels"],) if "class_labels" in asked else ()
    got = ask(network, asked["x"], asked["t"], asked["prompt_embeds"], *level)
    torch.testing.assert_close(got, want, atol=wanted["atol"], rtol=wanted["rtol"])


def test_rounding_is_that_of_the_published_network_in_the_same_memory() -> None:
    """At 128 pixels float32 is up to 1e-5 from the exact answer, ours and diffusers' alike: it is the memory's order.

    Where pixels are stored before channels, as `ready` does because it is faster, PyTorch's group norm sums a row in
    one go (10 times the error of its other order on 128x128) and oneDNN's convolutions in another order (4 times).
    """
    folder = FIXTURES / "df_g_if_stage2" / "pipeline" / "unet"
    network = load(folder)
    theirs = Published.from_pretrained(folder, low_cpu_mem_usage=False).to(memory_format=torch.channels_last)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(1, network.config.in_channels, 128, 128, generator=generator)
    states, t = torch.randn(1, 77, network.config.text_width, generator=generator), torch.tensor(500)
    level = torch.tensor([50])
    got, want = ask(network, x, t, states, level), published(theirs, x, t, states, level)
    exact = published(theirs.double(), x.double(), t, states.double(), level)
    ours, others = ((answer - exact).abs().max() / exact.abs().max() for answer in (got, want))
    assert ours <= max(1.5 * others, 1e-6), f"ours is {ours:.1e} off, theirs {others:.1e}"
