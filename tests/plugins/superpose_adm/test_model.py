"""Files of guided-diffusion load by themselves and give the numbers of the original program."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import superpose
from guided_runs import FIXTURES, A, B, D, Recorded, agree, model_of, read, scheduler_of
from superpose import PromptError, RecipeError, refuse
from superpose_networks import read_weights


@pytest.mark.parametrize("case", [A, B, D])
def test_recorded_answers(case: str) -> None:
    about, given, want = read(case)
    network = model_of(case).load().network  # type: ignore[attr-defined]
    x = given["x"]
    if "low_res" in given:
        noise = lambda purpose="step": x  # noqa: E731
        conditioning = model_of(case).load().conditioning(given["low_res"], noise)
        assert conditioning is not None
        x = torch.cat((x, conditioning.channels), 1)
    with torch.inference_mode():
        for name, shift in (("out", 0.0), ("out_fractional_t", 0.25)):
            agree(about, name, network(x, given["t"] + shift, given.get("y")), want[name])


CASES = {"gd_e_sampling_cc": A, "gd_f_sampling_fixedvar": B}
RUNS = [
    (case, run["name"])
    for case in CASES
    for run in json.loads((FIXTURES / case / "case.json").read_text())["runs"]
    if "classifier_scale" not in run and run["sampler"] != "ddim_reverse"
]


@pytest.mark.parametrize(("case", "name"), RUNS)
def test_recorded_runs(case: str, name: str) -> None:
    about, given, want = read(case)
    run = next(run for run in about["runs"] if run["name"] == name)
    predicts = "sample" if run["diffusion"].get("predict_xstart") else "epsilon"
    model = model_of(CASES[case], betas=run["diffusion"]["noise_schedule"], predicts=predicts).load()
    scheduler = scheduler_of(run)
    classes = given["y"].tolist() if model.network.class_embedding is not None else [None] * len(given["x_T"])  # type: ignore[attr-defined]
    assert [level.t for level in scheduler.plan(model.schedule).levels[-2::-1]] == run["timesteps_used_ascending"]
    samples: list[list[Tensor]] = []
    for row, label in enumerate(classes):  # each sample has a class of its own
        prompt = superpose.prompted(model, "" if label is None else str(label))
        kept = model.clip if run["clip_denoised"] else None
        assert kept is not None or not run["clip_denoised"]
        denoiser = superpose.Clipped(prompt, kept) if kept is not None else prompt
        noise = Recorded({key: value[row : row + 1] if "x_T" in key else value[:, row : row + 1]
                          for key, value in given.items() if key.endswith(("x_T", "noise"))}, name)  # fmt: skip
        trajectory = superpose.Trajectory(denoiser, scheduler, scheduler.plan(model.schedule), noise)
        state = trajectory.start()
        states = []
        while state.step < trajectory.steps:
            state = trajectory.step(state)
            states.append((state.x, state.clean))
        first, middle, last = states[0], states[run["nsteps"] // 2], states[-1]
        samples.append([first[0], first[1], middle[0], last[0]])  # type: ignore[list-item]
    for i, part in enumerate(("first_x", "first_pred_xstart", "mid_x", "sample")):
        got = torch.cat([sample[i] for sample in samples])
        agree(about, f"{name}/{part}", got, want[f"{name}/{part}"])


def test_the_layout_is_read_from_the_file() -> None:
    layout = model_of(A).layout  # type: ignore[attr-defined]
    assert (layout.channels, layout.widths, layout.blocks) == (32, (32, 32, 32), 1)
    assert (layout.attention, layout.classes, layout.scale_shift, layout.residual) == ({1, 2}, 10, True, True)
    layout = model_of(B).layout  # type: ignore[attr-defined]
    assert (layout.widths, layout.attention, layout.classes) == ((32, 32), {1}, None)
    assert (layout.scale_shift, layout.residual) == (False, False)


@pytest.mark.parametrize(
    ("option", "question"),
    [
        ({"size": None}, "the size of its images: give size"),
        ({"betas": None}, "its noise schedule: give betas = 'linear' or 'cosine'"),
        ({"head_width": None}, "how attentions over 32 channels are cut: give heads or head_width"),
        ({"order": None}, "the order of q, k and v: give order = 'legacy'"),
        ({"size": 18}, "cannot be halved 2 times"),
    ],
)
def test_what_the_file_does_not_tell_is_one_question(option: dict[str, Any], question: str) -> None:
    model = model_of(A, **option)
    with pytest.raises(RecipeError, match=question) as caught:
        _ = model.shape, model.schedule, model.head_layout  # type: ignore[attr-defined]
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda weights: {"model.diffusion_model.out.2.bias": torch.ones(1)}, "use kind = 'ldm'"),
        (lambda weights: {"temb.dense.0.weight": torch.ones(1)}, "use kind = 'ddpm'"),
        (lambda weights: {"a": torch.ones(1)}, "it holds 1 tensors, such as a"),
        (lambda weights: {k: v for k, v in weights.items() if not k.startswith("input_blocks.5")}, "has no input_"),
    ],
)
def test_files_of_other_families_are_told_apart(tmp_path: Path, change: Any, message: str) -> None:
    torch.save(change(read_weights(FIXTURES / A / "model.pt")), tmp_path / "model.pt")
    with pytest.raises(RecipeError, match=message) as caught:
        _ = model_of(A, path=tmp_path / "model.pt").layout  # type: ignore[attr-defined]
    assert "\n" not in str(caught.value)


def test_a_cut_off_file(tmp_path: Path) -> None:
    whole = (FIXTURES / A / "model.pt").read_bytes()
    (tmp_path / "model.pt").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RecipeError, match=r"model\.pt is not a readable file of plain tensors"):
        model_of(A, path=tmp_path / "model.pt").load()


def test_the_wrong_kind_names_the_right_one() -> None:
    path = FIXTURES / D / "model.pt"
    with pytest.raises(RecipeError, match="use kind = 'guided-diffusion-upscaler'"):
        _ = model_of(A, path=path).layout  # type: ignore[attr-defined]


def test_prompts_are_classes(tmp_path: Path) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text("\n".join(["tench, Tinca tinca", *map("thing {}".format, range(1, 10))]))
    model = model_of(A, labels=labels)
    for prompt in ("3", "Tinca tinca", "thing 7"):
        refuse(model.prompt_problems(prompt), PromptError)
    for prompt, told in (("10", "a class from 0 to 9"), ("tensh", "did you mean 'tench'"), ("", "a class from 0 to 9")):
        with pytest.raises(PromptError, match=told):
            refuse(model.prompt_problems(prompt), PromptError)
    with pytest.raises(PromptError, match="knows no classes"):
        refuse(model_of(B).prompt_problems("3"), PromptError)


RECIPE = """
prompt = "3"
[model]
kind = "guided-diffusion"
path = "model.pt"
size = 16
betas = "cosine"
head_width = 16
order = "legacy"
[scheduler]
kind = "ddpm"
steps = 3
grid = "openai"
"""


def test_a_recipe_runs_through_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from superpose.cli import main

    shutil.copy(FIXTURES / A / "model.pt", tmp_path)
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(RECIPE)
    assert main(["check", str(recipe)]) == 0
    assert main(["run", str(recipe), "--samples", "2", "--out", str(tmp_path / "out"), "--device", "cpu"]) == 0
    assert (tmp_path / "out" / "0001.png").exists()
    again = tmp_path / "again"
    given = ["--input", f"model.pt={tmp_path / 'model.pt'}"]
    assert main(["replay", str(tmp_path / "out" / "0001.png"), "--out", str(again), "--device", "cpu", *given]) == 0
    assert (again / "0001.png").read_bytes() == (tmp_path / "out" / "0001.png").read_bytes()
    capsys.readouterr()
    assert main(["run", str(recipe), "--set", "model.order=neither", "--out", str(tmp_path / "other")]) == 2
    assert "expected one of 'legacy', 'new'" in capsys.readouterr().err
