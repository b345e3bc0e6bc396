"""Recorded runs of score distillation, and distillation where everything is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import torch
from safetensors.torch import load_file
from torch import Tensor

import superpose
from superpose import Denoiser

FIXTURES = Path(__file__).parent.parent / "fixtures"
FOLDER = FIXTURES / "ds_a_score_distillation"
CASE = json.loads((FOLDER / "case.json").read_text())
RUNS = {run["name"]: run for run in CASE["runs"]}


def recorded() -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    return load_file(FOLDER / "inputs.safetensors"), load_file(FOLDER / "outputs.safetensors")


def network(**options: Any) -> superpose.NoisePredictor:
    path = FIXTURES / "df_d_stable_diffusion" / "pipeline"
    return superpose.make("model", "stable-diffusion", path=path, **options).load()


def agree(name: str, got: Tensor, want: Tensor) -> None:
    about = CASE["outputs"][name]
    torch.testing.assert_close(got, want, atol=about["atol"], rtol=about["rtol"], msg=lambda text: f"{name}: {text}")


def shown(predictor: superpose.NoisePredictor, prompt: str, scale: float) -> Denoiser:
    return superpose.guided(superpose.prompted(predictor, prompt), superpose.prompted(predictor, ""), scale)


@attrs.frozen
class Given:
    """Draws of one step after the other."""

    noise: Tensor

    def draw(self, step: int, purpose: str = "step", law: str = "normal") -> Tensor:
        del law
        return self.noise[0] if purpose == "start" else self.noise[step]
