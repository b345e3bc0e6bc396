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
from superpose.sampling.rendered import Encoded, Rendered

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


def agree_at_the_image(name: str, predictor: superpose.NoisePredictor, image: Tensor, slope: Tensor) -> None:
    """What is recorded of a gradient besides: the loss, its logged size, and the gradient that pixels are moved by.

    Arguments:
        name: Of the run.
        predictor: Its network, whose encoder the gradient is pulled back through.
        image: What is optimised, in pixels.
        slope: The gradient with respect to its latent.
    """
    _, want = recorded()
    shape = predictor.image_shape
    drawn = Rendered(superpose.make("renderer", "pixels").bound_to(shape), 1, Encoded(predictor.encode, shape))
    [pulled] = drawn.slopes((image,), slope)
    agree(f"{name}/image_grad", pulled, want[f"{name}/image_grad"])
    height, width = slope.shape[-2:]
    moved = want.get(f"{name}/z_target", drawn.images((image,), slope))
    agree(f"{name}/loss", (moved * slope).sum() / (height * width), want[f"{name}/loss"])
    agree(f"{name}/log_loss", slope.square().mean(), want[f"{name}/log_loss"])


def shown(predictor: superpose.NoisePredictor, prompt: str, scale: float) -> Denoiser:
    return superpose.guided(superpose.prompted(predictor, prompt), superpose.prompted(predictor, ""), scale)


@attrs.frozen
class Given:
    """Draws of one step after the other."""

    noise: Tensor

    def draw(self, step: int, purpose: str = "step", law: str = "normal") -> Tensor:
        del law
        return self.noise[0] if purpose == "start" else self.noise[step]
