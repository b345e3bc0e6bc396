"""Our U-Net is the published one: equal to diffusers on its own files and on any configuration Hypothesis thinks of."""

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

from superpose_networks import UNet2D, UNet2DConfig, assign, load_unet2d

with warnings.catch_warnings():  # what diffusers warns of while it is imported is not ours to mend
    warnings.simplefilter("ignore")
    import diffusers

Published: Any = diffusers.UNet2DModel  # that its methods have no types is not ours to mend either

FIXTURES = Path(__file__).parents[2] / "fixtures"
GLYPHS = Path(__file__).parents[3] / "plugins" / "superpose_glyphs" / "weights" / "glyphs"


def ask(network: torch.nn.Module, *arguments: Any) -> torch.Tensor:
    with torch.inference_mode():
        answer = network(*arguments)
    return answer if isinstance(answer, torch.Tensor) else answer.sample


@pytest.mark.parametrize("case", ["df_a_unet2d_ddpm", "df_c_unet2d_legacy_keys"])
def test_recorded_answers(case: str) -> None:
    folder = FIXTURES / case
    wanted = json.loads((folder / "case.json").read_text())["outputs"]["out"]
    given_, want = load_file(folder / "inputs.safetensors"), load_file(folder / "outputs.safetensors")["out"]
    network = load_unet2d(folder / "pipeline" / "unet")
    labels = (given_["class_labels"],) if "class_labels" in given_ else ()
    got = ask(network, given_["x"], given_["t"], *labels)
    torch.testing.assert_close(got, want, atol=wanted["atol"], rtol=wanted["rtol"])


def test_glyph_weights_as_in_diffusers() -> None:
    theirs = Published(**json.loads((GLYPHS / "config.json").read_text())).eval()
    theirs.load_state_dict({k: v.float() for k, v in load_file(GLYPHS / "diffusion_pytorch_model.safetensors").items()})
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(5, 12, 16, 16, generator=generator)
    t, labels = torch.tensor([0, 7, 500, 998, 999]), torch.tensor([0, 61, 62, 123, 124])
    want = ask(theirs, x, t, labels)
    got = ask(load_unet2d(GLYPHS), x, t, labels)
    assert (got - want).abs().max() <= 1e-5 * want.abs().max()


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    """Small U-Nets of every kind that the configuration admits."""
    groups = draw(st.sampled_from([1, 2, 4]))
    levels = draw(st.integers(1, 3))
    widths = [2 * groups * draw(st.integers(1, 3)) for _ in range(levels)]
    down, up = ("DownBlock2D", "AttnDownBlock2D", "ResnetDownsampleBlock2D"), ("UpBlock2D", "AttnUpBlock2D")
    kind_of_class, classes = draw(st.sampled_from([(None, None), (None, 5), ("timestep", None), ("identity", None)]))
    return {
        "sample_size": 8,
        "in_channels": draw(st.integers(1, 4)),
        "out_channels": draw(st.integers(1, 4)),
        "center_input_sample": draw(st.booleans()),
        "time_embedding_dim": draw(st.sampled_from([None, 12])),
        "freq_shift": draw(st.sampled_from([0, 1])) if widths[0] > 2 else 0,
        "flip_sin_to_cos": draw(st.booleans()),
        "down_block_types": [draw(st.sampled_from(down)) for _ in widths],
        "mid_block_type": draw(st.sampled_from(["UNetMidBlock2D", None])),
        "up_block_types": [draw(st.sampled_from((*up, "ResnetUpsampleBlock2D"))) for _ in widths],
        "block_out_channels": widths,
        "layers_per_block": draw(st.integers(1, 2)),
        "mid_block_scale_factor": draw(st.sampled_from([1, 1.5])),
        "downsample_padding": draw(st.sampled_from([0, 1])),
        "downsample_type": draw(st.sampled_from(["conv", "resnet"])),
        "upsample_type": draw(st.sampled_from(["conv", "resnet"])),
        "act_fn": draw(st.sampled_from(["silu", "swish", "gelu", "relu", "mish"])),
        "attention_head_dim": draw(st.sampled_from([None, 1, 2])),
        "norm_num_groups": groups,
        "attn_norm_num_groups": draw(st.sampled_from([None, 1])),
        "norm_eps": draw(st.sampled_from([1e-5, 1e-3])),
        "resnet_time_scale_shift": draw(st.sampled_from(["default", "scale_shift"])),
        "add_attention": draw(st.booleans()),
        "class_embed_type": kind_of_class,
        "num_class_embeds": classes,
    }


@settings(max_examples=40, deadline=None)
@given(config=configurations(), rows=st.integers(1, 3), one_time=st.booleans(), seed=st.integers(0, 2**16))
def test_any_configuration_as_in_diffusers(config: dict[str, Any], rows: int, one_time: bool, seed: int) -> None:
    # In float64, where two orders of summation differ by 1e-15, any difference of meaning shows.
    torch.manual_seed(seed)
    theirs = Published(**config).eval().double()
    # For class_embed_type "timestep" it forgets to leave float32.
    theirs.time_proj.register_forward_hook(lambda *call: call[-1].double())
    for parameter in theirs.parameters():
        parameter.data += 0.2 * torch.randn_like(parameter)
    ours = UNet2D(UNet2DConfig.from_mapping(config)).double()
    assign(ours, theirs.state_dict(), "diffusers")
    x = torch.randn(rows, config["in_channels"], 8, 8, dtype=torch.float64)
    t = torch.tensor(417.0) if one_time else torch.rand(rows) * 999
    labels: tuple[torch.Tensor, ...] = ()
    if config["class_embed_type"] == "identity":
        labels = (torch.randn(rows, config["time_embedding_dim"] or 4 * config["block_out_channels"][0]).double(),)
    elif config["class_embed_type"] == "timestep":
        labels = (torch.rand(rows) * 250,)
    elif config["num_class_embeds"]:
        labels = (torch.randint(0, 5, (rows,)),)
    want, got = ask(theirs, x, t, *labels), ask(ours, x, t, *labels)
    assert (got - want).abs().max() <= 1e-9 * want.abs().max(), config
    kept = ours.state_dict()
    assert {name: value.shape for name, value in kept.items()} == {k: v.shape for k, v in theirs.state_dict().items()}
    assert all(torch.equal(kept[name], value) for name, value in theirs.state_dict().items()), config


def test_gradients_as_in_diffusers() -> None:
    torch.manual_seed(0)
    config = json.loads((FIXTURES / "df_a_unet2d_ddpm" / "pipeline" / "unet" / "config.json").read_text())
    theirs = Published(**config).double()
    ours = UNet2D(UNet2DConfig.from_mapping(config)).double().train()
    ours.load_state_dict(theirs.state_dict())
    x, t, labels = torch.randn(3, 3, 16, 16).double(), torch.tensor([1, 500, 999]), torch.tensor([0, 3, 6])
    for network in (theirs, ours):
        answer = network(x, t, labels)
        (answer if isinstance(answer, torch.Tensor) else answer.sample).square().mean().backward()
    for name in ("conv_in.weight", "time_embedding.linear_1.weight", "mid_block.resnets.0.norm2.bias"):
        want, got = theirs.get_parameter(name).grad, ours.get_parameter(name).grad
        torch.testing.assert_close(got, want, rtol=1e-9, atol=1e-12, msg=name)


def test_gradient_of_the_input_of_a_frozen_network() -> None:
    network = load_unet2d(FIXTURES / "df_c_unet2d_legacy_keys" / "pipeline" / "unet", dtype=torch.float64)
    x = torch.randn(2, 3, 16, 16, dtype=torch.float64, requires_grad=True)
    direction, t = torch.randn_like(x), torch.tensor(300)
    (slope,) = torch.autograd.grad(network(x, t).sum(), x)
    with torch.no_grad():
        rise = network(x + 1e-5 * direction, t).sum() - network(x - 1e-5 * direction, t).sum()
    torch.testing.assert_close((slope * direction).sum(), rise / 2e-5, rtol=1e-6, atol=1e-6)


def test_half_precision() -> None:
    folder = FIXTURES / "df_a_unet2d_ddpm"
    given_, want = load_file(folder / "inputs.safetensors"), load_file(folder / "outputs.safetensors")["out"]
    network = load_unet2d(folder / "pipeline" / "unet", dtype=torch.bfloat16)
    got = ask(network, given_["x"].bfloat16(), given_["t"], given_["class_labels"])
    assert got.dtype == torch.bfloat16
    assert (got.float() - want).square().mean().sqrt() < 0.03 * want.std()


@pytest.mark.parametrize(
    ("case", "labels", "size", "message"),
    [
        ("df_a_unet2d_ddpm", None, 16, "this network is conditional on classes: give class_labels"),
        ("df_c_unet2d_legacy_keys", torch.zeros(1).long(), 16, "this network knows no classes: leave out class_labels"),
        ("df_c_unet2d_legacy_keys", None, 18, "images of (18, 18) cannot be halved 2 times"),
    ],
)
def test_questions_that_have_no_answer(case: str, labels: torch.Tensor | None, size: int, message: str) -> None:
    network = load_unet2d(FIXTURES / case / "pipeline" / "unet")
    with pytest.raises(ValueError, match=message.replace("(", r"\(").replace(")", r"\)")):
        network(torch.zeros(1, 3, size, size), torch.tensor(5), labels)
