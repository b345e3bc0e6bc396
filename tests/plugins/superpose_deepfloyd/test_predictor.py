"""The recorded runs of IF's pipelines and of both stages of Visual Anagrams and Factorized Diffusion."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
import torch

from cascade import FIXTURES, Case, Recorded, sampled, texts
from superpose import Denoiser, NoisePredictor, View, factorized, make, model, reduced, viewed
from superpose_views.permutation import Indices, Permutation

FIRST, SECOND = Case("df_f_if_stage1"), Case("df_g_if_stage2")
SMALL, LARGE = Case("va_a_stage1"), Case("va_c_stage2")


@attrs.frozen(kw_only=True)
class TheirJigsaw(Permutation):
    """The original's pieces were drawn by hand: ours are cut by a rule, so that they fit at every size."""

    kind = "their-jigsaw"

    def sources(self, height: int, width: int) -> Indices:
        found: Indices = np.load(FIXTURES / "va_b_views" / "jigsaw.npz")[f"jigsaw-{height}"].astype(np.int64)
        return found


def view(name: str) -> View:
    """Ours, by their name."""
    if name == "jigsaw":
        return TheirJigsaw()
    turns = {"rotate_ccw": 90, "rotate_180": 180, "rotate_cw": 270}
    if name in turns:
        return make("view", "rotate", degrees=turns[name])
    return make("view", name.replace("_", "-"))


DECOMPOSITIONS = {
    ("low_pass", "high_pass"): "hybrid",
    ("grayscale", "color"): "colour",
    ("triple_low_pass", "triple_medium_pass", "triple_high_pass"): "triple-hybrid",
    ("motion", "motion_res"): "motion",
}
#: Those with a reference are freeze's: tests/plugins/superpose_constraints/test_freeze.py.
ILLUSIONS = [run for run in SMALL.about["runs"] if "ref" not in run]


def guided(predictor: NoisePredictor, prompt: str, scale: float) -> Denoiser:
    denoiser: Denoiser = make("guidance", "cfg", scale=scale).denoiser(
        predictor, predictor.condition(prompt), predictor.condition("")
    )
    return denoiser


def shown(predictor: NoisePredictor, run: dict[str, Any]) -> Denoiser:
    """What a run of Visual Anagrams shows."""
    names = run["views"]["names"]
    denoisers = [guided(predictor, f"prompt {i}", run["g"]) for i in range(len(names))]
    if run["red"] in ("mean", "alternate"):
        return reduced(viewed(zip(map(view, names), denoisers, strict=True), channels=3), run["red"])
    return factorized(make("decomposition", DECOMPOSITIONS[tuple(names)]), denoisers)


@pytest.mark.parametrize("run", FIRST.about["runs"], ids=lambda run: run["name"])
def test_first_stage(run: dict[str, Any], tmp_path: Path) -> None:
    asked = FIRST.inputs
    times = tuple(run["scheduler"]["timesteps"]) if run["pipeline_kwargs"] else ()
    scheduler = make("scheduler", "ddpm", grid="leading", steps=run["num_inference_steps"], timesteps=times)
    images = []
    for row in range(2):  # each with a prompt and a negative prompt of its own
        file = texts(tmp_path / f"{row}", asked["negative_prompt_embeds"][row], asked["prompt_embeds"][row])
        predictor = model("deepfloyd", path=FIXTURES / FIRST.name / "pipeline", embeddings=file, size=16)
        draws = [asked["x_T"][row : row + 1], *asked["noise"][:, row : row + 1]]
        images.append(
            sampled(predictor, guided(predictor, "prompt 0", run["guidance_scale"]), scheduler, Recorded(draws))
        )
    FIRST.agree(f"{run['name']}/image", torch.cat(images))


@pytest.mark.parametrize("run", ILLUSIONS, ids=lambda run: run["name"])
def test_small_illusions(run: dict[str, Any], tmp_path: Path) -> None:
    asked = SMALL.inputs
    file = texts(tmp_path / "texts", asked["negative_prompt_embeds"][0], *asked["prompt_embeds"])
    predictor = model("deepfloyd", path=FIXTURES / FIRST.name / "pipeline", embeddings=file)
    scheduler = make("scheduler", "ddpm", grid="leading", steps=run["n"])
    got = sampled(predictor, shown(predictor, run), scheduler, Recorded(list(asked["draws"])))
    SMALL.agree(f"{run['name']}/image", got)


@pytest.mark.parametrize("run", SECOND.about["runs"], ids=lambda run: run["name"])
def test_second_stage(run: dict[str, Any], tmp_path: Path) -> None:
    asked = SECOND.inputs
    file = texts(tmp_path / "texts", asked["negative_prompt_embeds"][0], asked["prompt_embeds"][0])
    predictor = model(
        "deepfloyd-upscaler", path=FIXTURES / SECOND.name / "pipeline", embeddings=file, noise_level=run["noise_level"]
    )
    scheduler = make("scheduler", "ddpm", grid="leading", steps=run["num_inference_steps"])
    noise = Recorded([asked["x_T"], *asked["noise"]], asked["aug_noise"])
    shows = guided(predictor, "prompt 0", run["guidance_scale"])
    SECOND.agree(f"{run['name']}/image", sampled(predictor, shows, scheduler, noise, asked["low_res"]))


@pytest.mark.parametrize("run", LARGE.about["runs"], ids=lambda run: run["name"])
def test_large_illusions(run: dict[str, Any], tmp_path: Path) -> None:
    asked = LARGE.inputs
    file = texts(tmp_path / "texts", asked["negative_prompt_embeds"][0], *asked["prompt_embeds"])
    predictor = model(
        "deepfloyd-upscaler", path=FIXTURES / LARGE.name / "pipeline", embeddings=file, noise_level=run["nl"]
    )
    scheduler = make("scheduler", "ddpm", grid="leading", steps=run["n"])
    first, low, *rest = (tile.repeat(1, 1, 4, 4) for tile in asked["draws_tile"])  # as recorded, to keep files small
    images = sampled(predictor, shown(predictor, run), scheduler, Recorded([first, *rest], low), asked["stage1_image"])
    LARGE.agree(f"{run['name']}/crop", images[:, :, 112:144, 112:144])
    LARGE.agree(f"{run['name']}/pooled", torch.nn.functional.avg_pool2d(images, 4))
