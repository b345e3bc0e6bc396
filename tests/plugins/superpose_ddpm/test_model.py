"""Folders of diffusers and checkpoints of DDPM's port load by themselves and give the originals' numbers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from safetensors.torch import load_file

import superpose
from superpose import DynamicClip, PromptError, RecipeError, StaticClip, TableSchedule, refuse
from superpose_ddpm.port_names import port_config, port_names
from superpose_networks import UNet2D, UNet2DConfig, assign

FIXTURES = Path(__file__).parents[2] / "fixtures"
FOLDER, LEGACY, PORT = "df_a_unet2d_ddpm", "df_c_unet2d_legacy_keys", "pd_a_ddpm_model"


def model_of(case: str, **options: Any) -> Any:
    path = FIXTURES / case / ("model.ckpt" if case == PORT else "pipeline")
    return superpose.make("model", "ddpm", **{"path": path} | ({"size": 16} if case == PORT else {}) | options)


@pytest.mark.parametrize("case", [FOLDER, LEGACY, PORT])
def test_recorded_answers(case: str) -> None:
    about = json.loads((FIXTURES / case / "case.json").read_text())["outputs"]["out"]
    given = load_file(FIXTURES / case / "inputs.safetensors")
    want = load_file(FIXTURES / case / "outputs.safetensors")["out"]
    network = model_of(case).load().network
    with torch.inference_mode():
        got = network(given["x"], given["t"], given.get("class_labels"))
    torch.testing.assert_close(got, want, atol=about["atol"], rtol=about["rtol"])


def test_the_recorded_pipeline() -> None:
    """DDPM, with the schedule and the clipping that stand in the folder."""
    case = json.loads((FIXTURES / FOLDER / "case.json").read_text())
    [run] = case["runs"]
    given = load_file(FIXTURES / FOLDER / "inputs.safetensors")
    want = load_file(FIXTURES / FOLDER / "outputs.safetensors")
    name = next(key for key in want if key.endswith("sample"))
    model = model_of(FOLDER).load()
    start = next(value for key, value in given.items() if "x_T" in key)
    steps = next(value for key, value in given.items() if "noise" in key)
    labels = next(value for key, value in given.items() if "label" in key).tolist()

    class Recorded:
        def __init__(self, row: int) -> None:
            self.row = row

        def draw(self, step: int, purpose: str = "step") -> torch.Tensor:
            return (start if purpose == "start" else steps[step])[self.row : self.row + 1]

    scheduler = superpose.make("scheduler", "ddpm", timesteps=tuple(run["scheduler"]["timesteps"]))
    rows = []
    for row, label in enumerate(labels[: len(start)]):
        denoiser = superpose.Clipped(superpose.prompted(model, str(label)), model.clip)
        trajectory = superpose.Trajectory(denoiser, scheduler, scheduler.plan(model.schedule), Recorded(row))
        rows.append(trajectory.run())
    about = case["outputs"][name]
    torch.testing.assert_close(torch.cat(rows), want[name], atol=about["atol"], rtol=about["rtol"])


def test_what_is_written_beside_the_network_is_read(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(FIXTURES / FOLDER / "pipeline", tmp_path / "pipeline"))
    file = folder / "scheduler" / "scheduler_config.json"
    said = json.loads(file.read_text())
    changed = {"beta_schedule": "squaredcos_cap_v2", "prediction_type": "v_prediction", "thresholding": True}
    file.write_text(json.dumps(said | changed | {"dynamic_thresholding_ratio": 0.9, "sample_max_value": 1.5}))
    model = model_of(FOLDER, path=folder)
    assert model.schedule == TableSchedule.named("cosine")
    assert (model.parameterization, model.clip) == ("v", DynamicClip(ratio=0.9, maximum=1.5))
    file.write_text(json.dumps(said | {"clip_sample": True, "clip_sample_range": 2.0}))
    assert model.clip == DynamicClip(ratio=0.9, maximum=1.5), "what is read once is kept"
    model = model_of(FOLDER, path=folder)
    assert model.clip == StaticClip(range=2.0)
    assert model_of(FOLDER, path=folder / "unet").schedule == model.schedule, "the unet alone is a folder too"
    file.write_text(json.dumps(said | {"beta_schedule": "laplace"}))
    with pytest.raises(RecipeError, match="laplace"):
        _ = model_of(FOLDER, path=folder).schedule


def test_the_port_has_the_schedule_of_its_paper() -> None:
    assert model_of(PORT).schedule == TableSchedule.named("linear", 1000, 1e-4, 0.02)
    with pytest.raises(RecipeError, match="does not tell the size of its images: give size"):
        _ = model_of(PORT, size=None).shape


def test_a_file_of_another_family(tmp_path: Path) -> None:
    torch.save({"input_blocks.0.0.weight": torch.ones(1)}, tmp_path / "model.ckpt")
    with pytest.raises(RecipeError, match=r"is no checkpoint of DDPM's port: it has no temb\.dense"):
        _ = model_of(PORT, path=tmp_path / "model.ckpt").shape
    with pytest.raises(RecipeError, match=r"has no config\.json"):
        _ = model_of(FOLDER, path=tmp_path).shape


def test_prompts_are_classes() -> None:
    refuse(model_of(FOLDER).prompt_problems("0"), PromptError)
    with pytest.raises(PromptError, match="knows no classes"):
        refuse(model_of(LEGACY).prompt_problems("0"), PromptError)


_PORT_WORDS = {
    "time_embedding.linear_1": "temb.dense.0", "time_embedding.linear_2": "temb.dense.1", "conv_norm_out": "norm_out",
    "mid_block.resnets.0": "mid.block_1", "mid_block.attentions.0": "mid.attn_1", "mid_block.resnets.1": "mid.block_2",
    "time_emb_proj": "temb_proj", "conv_shortcut": "nin_shortcut", "group_norm": "norm", "to_q": "q", "to_k": "k",
    "to_v": "v", "to_out.0": "proj_out", "resnets": "block", "attentions": "attn", "downsamplers.0": "downsample",
    "upsamplers.0": "upsample",
}  # fmt: skip


@settings(max_examples=15, deadline=None)
@drawn(attends=st.lists(st.booleans(), min_size=1, max_size=3), blocks=st.integers(1, 2), seed=st.integers(0, 99))
def test_the_port_is_a_folder_by_other_names(attends: list[bool], blocks: int, seed: int) -> None:
    torch.manual_seed(seed)
    widths = [32 * (i + 1) for i in range(len(attends))]
    config = UNet2DConfig(
        block_out_channels=tuple(widths), layers_per_block=blocks, attention_head_dim=None, norm_eps=1e-6,
        down_block_types=tuple("AttnDownBlock2D" if one else "DownBlock2D" for one in attends),
        up_block_types=tuple("AttnUpBlock2D" if one else "UpBlock2D" for one in reversed(attends)),
        flip_sin_to_cos=False, freq_shift=1, downsample_padding=0, sample_size=8,
    )  # fmt: skip
    network = UNet2D(config)
    file = {}
    for name, value in network.state_dict().items():
        old = name
        for i in range(len(widths)):
            old = old.replace(f"down_blocks.{i}.", f"down.{i}.").replace(
                f"up_blocks.{i}.", f"UP.{len(widths) - 1 - i}."
            )
        for ours, theirs in _PORT_WORDS.items():
            old = old.replace(ours, theirs) if "mid" in ours or "." in ours or ours in old else old
        matrix = any(part in old for part in (".q.w", ".k.w", ".v.w", ".proj_out.w"))
        file[old.replace("UP.", "up.")] = value[:, :, None, None] if matrix else value
    shapes = {name: tuple(value.shape) for name, value in file.items()}
    told = UNet2DConfig.from_mapping(port_config(shapes, Path("a file"), 8))
    assert told == config
    again = UNet2D(told)
    assign(again, port_names(file), "a file")
    assert all(torch.equal(again.state_dict()[name], value) for name, value in network.state_dict().items())


RECIPE = (
    'prompt = "{prompt}"\nmodel = {{kind = "ddpm", path = "{path}"{more}}}\nscheduler = {{kind = "ddim", steps = 2}}\n'
)


@pytest.mark.parametrize(("case", "path", "more"), [(FOLDER, "pipeline", ""), (PORT, "model.ckpt", ", size = 16")])
def test_a_recipe_runs_through_the_command_line(case: str, path: str, more: str, tmp_path: Path) -> None:
    from superpose.cli import main

    prompt = "1" if case == FOLDER else ""
    text = RECIPE.format(prompt=prompt, path=(FIXTURES / case / path).as_posix(), more=more)
    (tmp_path / "recipe.toml").write_text(text)
    assert main(["check", str(tmp_path / "recipe.toml")]) == 0
    out = tmp_path / "out"
    assert main(["run", str(tmp_path / "recipe.toml"), "--out", str(out), "--device", "cpu"]) == 0
    assert superpose.read_image(out / "0000.png", (3, 16, 16)).shape == (3, 16, 16)
