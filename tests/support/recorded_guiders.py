"""Guiders of diffusers, recorded on predictions with no network: a network that says what was recorded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from superpose import BoundGuidance, Condition, NoiseLevel, NoisePredictor, Prediction, TableSchedule, make, trajectory
from superpose.sampling.observer import Step

FOLDER = Path(__file__).parent.parent / "fixtures" / "gu_a_guiders"
CASE: dict[str, Any] = json.loads((FOLDER / "case.json").read_text())
RUNS: dict[str, Any] = {run["name"]: run["args"] for run in CASE["runs"]}
STEPS: int = CASE["config"]["steps"]


class Recorded(NoisePredictor):
    """Says the recorded predictions, step by step, whatever it is shown: one for each prompt.

    Attributes:
        blocks: Rows of each forward pass.
    """

    parameterization = "sample"
    shape = 4, 8, 8

    def __init__(self, **prompts: str) -> None:
        recorded = load_file(FOLDER / "inputs.safetensors")
        self.told = {prompt: recorded[name] for prompt, name in prompts.items()}
        self.schedule, self.device = TableSchedule.named("linear"), torch.device("cpu")
        self.blocks: list[int] = []

    def condition(self, prompt: str) -> Condition:
        return Condition(prompt, {"prompt": torch.tensor([list(self.told).index(prompt)])})

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Prediction:
        self.blocks.append(len(x))
        said = [tensor[level.index] for tensor in self.told.values()]
        rows = [said[which][i % len(said[which])] for i, which in enumerate(conditioning["prompt"])]
        return Prediction(torch.stack(rows))


def guided_run(guidance: BoundGuidance, network: Recorded, **options: Any) -> Tensor:
    """The clean images of every step, shape (steps, N, C, H, W)."""
    clean: list[Tensor] = []

    class Watch:
        def see(self, step: Step) -> None:
            assert step.clean is not None
            clean.append(step.clean)

    denoiser = guidance.denoiser(network, network.condition("yes"), network.condition("no"))
    scheduler = make("scheduler", "ddim", steps=STEPS)
    trajectory(denoiser, scheduler, network, samples=2, **options).run([Watch()])
    return torch.stack(clean)


def recorded(name: str) -> Tensor:
    """What a run of diffusers' guider gave, shape (steps, N, C, H, W)."""
    return load_file(FOLDER / "outputs.safetensors")[f"{name}/pred"]


def check_recorded(got: Tensor, name: str, first: int = 0) -> None:
    """Hold what a run said, from step ``first`` on, to what was recorded, as closely as its record allows."""
    about = CASE["outputs"][f"{name}/pred"]
    torch.testing.assert_close(got[first:], recorded(name)[first:], atol=about["atol"], rtol=about["rtol"])
