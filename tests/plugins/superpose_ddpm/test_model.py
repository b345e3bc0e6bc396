"""Folders of diffusers and checkpoints of DDPM's port load by themselves and give the originals' numbers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import superpose
from superpose import DynamicClip, PromptError, RecipeError, StaticClip, TableSchedule, refuse

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
