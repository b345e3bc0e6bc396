"""The recorded runs of guided-diffusion, and how to follow them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

import superpose

FIXTURES = Path(__file__).parent.parent / "fixtures"
A, B, D = "gd_a_unet_cc_legacyattn", "gd_b_unet_newattn", "gd_d_superres"
#: What their files don't tell.
TOLD: dict[str, dict[str, Any]] = {
    A: {"head_width": 16, "order": "legacy"},
    B: {"heads": 2, "heads_up": 4, "order": "new"},
    D: {"head_width": 8, "order": "legacy"},
}


def model_of(case: str, **options: Any) -> superpose.Model:
    kind = "guided-diffusion-upscaler" if case == D else "guided-diffusion"
    told: dict[str, Any] = {"path": FIXTURES / case / "model.pt", "size": 16, "betas": "linear"}
    made: superpose.Model = superpose.make("model", kind, **told | TOLD[case] | options)
    return made


def read(case: str) -> tuple[dict[str, Any], dict[str, Tensor], dict[str, Tensor]]:
    folder = FIXTURES / case
    about = json.loads((folder / "case.json").read_text())
    inputs = load_file(folder / "inputs.safetensors") if (folder / "inputs.safetensors").exists() else {}
    return about, inputs, load_file(folder / "outputs.safetensors")


def agree(about: dict[str, Any], name: str, got: Tensor, want: Tensor) -> None:
    wanted = about["outputs"][name]
    torch.testing.assert_close(got, want, atol=wanted["atol"], rtol=wanted["rtol"], msg=lambda text: f"{name}: {text}")


class Recorded:
    """The original program's draws: one for the start, one a step."""

    def __init__(self, given: dict[str, Tensor], run: str) -> None:
        own = {name.removeprefix(f"{run}/"): value for name, value in given.items() if name.startswith(f"{run}/")}
        self.start, self.steps = own.get("x_T", given.get("x_T")), own.get("noise", given.get("noise"))

    def draw(self, step: int, purpose: str = "step") -> Tensor:
        found = self.start if purpose == "start" else self.steps
        assert found is not None
        return found if purpose == "start" else found[step]


def scheduler_of(run: dict[str, Any]) -> superpose.Scheduler:
    said = run["diffusion"]["timestep_respacing"]
    if run["sampler"] == "ddim":
        grid: dict[str, Any] = {"grid": "ddim-openai", "steps": int(said.removeprefix("ddim")), "eta": run["eta"]}
    elif "," in said:
        grid = {"grid": "openai", "sections": tuple(map(int, said.split(",")))}
    else:
        grid = {"grid": "openai", "steps": int(said)}
    if run["sampler"] == "ancestral" and not run["diffusion"]["learn_sigma"]:
        grid["variance"] = "fixed_small" if run["diffusion"].get("sigma_small") else "fixed_large"
    made: superpose.Scheduler = superpose.make("scheduler", "ddim" if run["sampler"] == "ddim" else "ddpm", **grid)
    return made
