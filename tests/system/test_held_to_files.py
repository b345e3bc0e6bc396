"""What a recipe says of a model is held against its files when it is checked, before any weight is read."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

import superpose
from superpose import Notice, RecipeError, StaticClip, inspect, loads, published_clip, published_schedule, refuse
from superpose_networks import UNet2D, UNet2DConfig, assign, read_weights

with warnings.catch_warnings():  # what diffusers warns of while it is imported is not ours to mend
    warnings.simplefilter("ignore")
    import diffusers

FIXTURES = Path(__file__).parent.parent / "fixtures"
ADM = f"kind = 'guided-diffusion', path = '{FIXTURES}/gd_a_unet_cc_legacyattn/model.pt', betas = 'linear'"
DDIM = "kind = 'ddim', steps = 2"
SMALL: dict[str, Any] = {
    "_class_name": "UNet2DModel", "sample_size": 16, "block_out_channels": [8, 16], "layers_per_block": 1,
    "norm_num_groups": 4, "down_block_types": ["DownBlock2D", "AttnDownBlock2D"],
    "up_block_types": ["AttnUpBlock2D", "UpBlock2D"],
}  # fmt: skip


def folder(path: Path, network: dict[str, Any] | None = None, scheduler: dict[str, Any] | None = None) -> Path:
    """A pixel model of diffusers."""
    (path / "unet").mkdir(parents=True)
    (path / "scheduler").mkdir()
    config = SMALL | (network or {})
    shape = {key: SMALL.get(key) for key in SMALL if key != "_class_name"}
    counts = {key: value for key, value in config.items() if key in ("in_channels", "out_channels")}
    unet = UNet2D(UNet2DConfig(**shape, **counts))
    save_file(unet.state_dict(), path / "unet" / "diffusion_pytorch_model.safetensors")
    (path / "unet" / "config.json").write_text(json.dumps(config))
    (path / "scheduler" / "scheduler_config.json").write_text(
        json.dumps({"_class_name": "DDPMScheduler"} | (scheduler or {}))
    )
    (path / "model_index.json").write_text(
        json.dumps(
            {
                "_class_name": "DDPMPipeline",
                "unet": ["diffusers", "UNet2DModel"],
                "scheduler": ["diffusers", "DDPMScheduler"],
            }
        )
    )
    return path


def complaint(model: str, scheduler: str = DDIM, prompt: str = "") -> str:
    """What `check` says of a recipe."""
    with pytest.raises(RecipeError) as told:
        inspect(loads(f"prompt = '{prompt}'\nmodel = {{{model}}}\nscheduler = {{{scheduler}}}"))
    return str(told.value)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("size = 16, head_width = 7, order = 'legacy'", "head_width = 7 does not divide 32 channels"),
        ("size = 16, heads = 3, order = 'legacy'", "heads = 3 does not divide 32 channels"),
        ("size = 16, heads = 4, heads_up = 5, order = 'new'", "heads_up = 5 does not divide 32 channels"),
        ("size = 16, heads = 4, head_width = 8, order = 'new'", "heads = 4 and head_width = 8: give one"),
        ("size = 16, heads = 4", "does not tell the order of q, k and v"),
        ("size = 18, heads = 4, order = 'new'", "size = 18 cannot be halved 2 times"),
        ("preset = 'adm-128'", "is not 128x128_diffusion: its levels of (32, 32, 32), not (256, 256, 512, 768, 1024)"),
    ],
)
def test_options_of_a_file_that_its_shapes_contradict(more: str, says: str) -> None:
    assert says in complaint(f"{ADM}, {more}", prompt="1")


@pytest.mark.parametrize(
    ("network", "says"),
    [
        ({"sample_size": 15}, "halves images to 1/2, which 15x15 can't be: write size = 16"),
        ({"sample_size": [16]}, "sample_size = (16,) is not supported; supported: a whole number from 1, or two"),
        ({"sample_size": "16"}, "sample_size = '16' is not supported"),
        ({"in_channels": 4, "out_channels": 4}, "pictures of 4 channels: files of images have 1 or 3"),
        ({"class_embed_type": "timestep"}, "class_embed_type = 'timestep'"),
        ({"time_embedding_type": "learned", "num_train_timesteps": 5}, "time_embedding_type = 'learned'"),
        ({"layers_per_block": 2}, "does not fit its configuration: "),
        ({"down_block_types": [{}, "DownBlock2D"]}, "down_block_types = ({}, 'DownBlock2D') is not supported"),
    ],
)
def test_a_network_that_run_would_refuse(network: dict[str, Any], says: str, tmp_path: Path) -> None:
    assert says in complaint(f"kind = 'ddpm', path = '{folder(tmp_path / 'm', network)}'")


@pytest.mark.parametrize(
    ("scheduler", "says"),
    [
        ({"num_train_timesteps": "1000"}, "num_train_timesteps = '1000' is not a whole number"),
        ({"trained_betas": []}, "trained_betas = [] is not a list of numbers, or null"),
        ({"trained_betas": ["a", "b"]}, "scheduler_config.json: "),
        ({"beta_end": 1.0}, "beta_end = 1.0 is not a number between 0 and 1"),
        ({"clip_sample": "yes"}, "clip_sample = 'yes' is not true or false"),
        ({"thresholding": True, "dynamic_thresholding_ratio": 2.0}, "scheduler_config.json: "),
    ],
)
def test_a_scheduler_of_wrong_values(scheduler: dict[str, Any], says: str, tmp_path: Path) -> None:
    said = complaint(f"kind = 'ddpm', path = '{folder(tmp_path / 'm', None, scheduler)}'")
    assert says in said
    assert "scheduler_config.json" in said


def test_no_learned_range_no_learned_variance(tmp_path: Path) -> None:
    said = complaint(
        f"kind = 'ddpm', path = '{folder(tmp_path / 'm')}'", "kind = 'ddpm', steps = 2, variance = 'learned'"
    )
    assert "scheduler" in said


@pytest.mark.parametrize(
    ("network", "says"),
    [
        ({"class_embed_type": "identity"}, "class_embed_type = 'identity', which the bridge tells no network"),
        ({"time_embedding_type": "learned"}, "time_embedding_type = 'learned', which the bridge tells no network"),
        ({"sample_size": 15}, "height = 15 is not a multiple of 2"),
    ],
)
def test_what_the_bridge_does_not_tell(network: dict[str, Any], says: str, tmp_path: Path) -> None:
    assert says in complaint(f"kind = 'diffusers', path = '{folder(tmp_path / 'm', network)}'")


def test_no_weight_is_read_where_it_is_checked() -> None:
    weights = read_weights(FIXTURES / "df_a_unet2d_ddpm/pipeline/unet/diffusion_pytorch_model.safetensors", "meta")
    assert {value.device.type for value in weights.values()} == {"meta"}


NAMES = (
    "DDPM", "DDIM", "DEISMultistep", "DPMSolverMultistep", "DPMSolverSinglestep", "EulerDiscrete", "LMSDiscrete",
    "EulerAncestralDiscrete", "HeunDiscrete", "KDPM2Discrete", "LCM", "PNDM", "TCD", "UniPCMultistep",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # numpy 2 to diffusers, of its ways with numpy 1
def test_what_a_scheduler_leaves_out_is_as_its_class_has_it(name: str) -> None:
    theirs = getattr(diffusers, f"{name}Scheduler")()
    bare = {"_class_name": f"{name}Scheduler", "prediction_type": None}
    schedule: Any = published_schedule(bare)
    want = theirs.alphas_cumprod.double()
    assert float((torch.tensor(schedule.alphas_cumprod, dtype=torch.float64) - want).abs().max()) < 1e-6
    clips = bool(theirs.config.get("clip_sample", False))
    assert published_clip(bare) == (StaticClip(range=1.0) if clips else None)


def test_averages_and_repeated_pixels_are_convolutions_of_such_kernels() -> None:
    """resamp_with_conv = False of DDPM's port."""
    shape = {key: value for key, value in SMALL.items() if key != "_class_name"} | {"downsample_padding": 0}
    torch.manual_seed(0)
    whole = UNet2D(UNet2DConfig(**shape))
    weights = {name: value.clone() for name, value in whole.state_dict().items()}
    for name in [name for name in weights if "samplers" in name]:
        kernel = weights[name].zero_()
        if name.endswith("weight"):
            square = slice(0, 2) if "down" in name else slice(1, 2)
            for channel in range(len(kernel)):
                kernel[channel, channel, square, square] = 0.25 if "down" in name else 1.0
    plain = UNet2D(UNet2DConfig(**shape, resamp_with_conv=False))
    assign(plain, {name: value for name, value in weights.items() if "samplers" not in name}, "a test")
    assign(whole, weights, "a test")
    x, t = torch.randn(2, 3, 16, 16), torch.tensor([3])
    with torch.inference_mode():
        torch.testing.assert_close(plain(x, t), whole(x, t), atol=1e-5, rtol=1e-4)


def test_every_path_is_a_text_in_python() -> None:
    text = str(FIXTURES / "df_a_unet2d_ddpm" / "pipeline")
    assert superpose.make("model", "ddpm", path=text).path == Path(text)


def test_words_that_are_cut_are_told_whole_by_check() -> None:
    prompt = "extraordinary " * 30
    text = (
        f"prompt = '{prompt}'\n"
        f"model = {{kind = 'stable-diffusion', path = '{FIXTURES}/df_d_stable_diffusion/pipeline'}}\n"
        f"scheduler = {{{DDIM}}}"
    )
    with pytest.warns(Notice, match="reads 16 tokens of a prompt, and does not see 'extraordinary "):
        inspect(loads(text))


@pytest.mark.parametrize("name", ["meta", "mps", "nonsense"])
def test_a_device_that_is_none(name: str) -> None:
    from superpose.running.machine import chosen_device

    if name == "mps" and torch.backends.mps.is_available():
        pytest.skip("this machine has a GPU of Apple's, which is not to be refused")
    with pytest.raises(RecipeError, match=f"^no device '{name}' here: write auto or cpu$"):
        chosen_device(name)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('prompt = "A"\nmodel = {\n  kind = "glyphs",\n}', "a table in braces stands on one line"),
        ("prompt = \u201cA\u201d", "write straight quotes"),
        ('prompt = "A"\nmodel = {kind = "glyphs", path = "C:\\Users\\me"}', "write paths in single quotes, or with /"),
    ],
)
def test_mistakes_of_toml_that_many_make(text: str, hint: str) -> None:
    with pytest.raises(RecipeError, match="not TOML") as told:
        loads(text)
    assert hint in str(told.value)


def test_a_copy_is_checked_as_the_file_is(tmp_path: Path) -> None:
    for case in ("df_a_unet2d_ddpm", "df_c_unet2d_legacy_keys"):
        copied = shutil.copytree(FIXTURES / case / "pipeline", tmp_path / case)
        refuse(superpose.make("model", "ddpm", path=copied).problems())
