"""Kinds of latent models: what they are held to, read and hashed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch

from superpose.testing import check_import_time, check_predictor
from superpose_ldm.model import CompVis, StableDiffusion

FIXTURES = Path(__file__).parents[2] / "fixtures"
FOLDER = FIXTURES / "df_d_stable_diffusion" / "pipeline"


def test_naming_the_kinds_brings_no_torch() -> None:
    check_import_time("superpose_ldm")


@pytest.mark.parametrize("name", ["df_d_stable_diffusion", "ldm_b_class_kl"])
def test_predictors_keep_their_laws(name) -> None:
    if name.startswith("df"):
        check_predictor(StableDiffusion(path=FOLDER).load(), ["a cat", "", "12 dogs"])
    else:
        about = FIXTURES / name
        check_predictor(CompVis(path=about / "model.ckpt", config=about / "config.yaml").load(), ["3", "", "9"])


def test_half_precision_is_near() -> None:
    exact, half = (StableDiffusion(path=FOLDER).load("cpu", dtype) for dtype in ("float32", "bfloat16"))
    torch.manual_seed(0)
    x, level = torch.randn(2, 4, 8, 8), exact.schedule.level(0, 400)
    answers = []
    with torch.no_grad():
        for predictor in (exact, half):
            condition = predictor.condition("a cat")
            answers.append(predictor.predict(x, level, predictor.gather([condition] * 2)).output.float())
            answers.append(predictor.decode(predictor.encode(torch.full((1, 3, 16, 16), 0.5))))
    for a, b in (answers[::2], answers[1::2]):
        assert (a - b).abs().max() <= 0.05 * a.abs().max()


def test_hashes_are_those_of_the_files() -> None:
    for name, digest in StableDiffusion(path=FOLDER).weights().items():
        folder, file = {"unet": ("unet", "diffusion_pytorch_model"), "first stage": ("vae", "diffusion_pytorch_model"),
                        "text encoder": ("text_encoder", "model")}[name]  # fmt: skip
        assert digest == hashlib.sha256((FOLDER / folder / f"{file}.safetensors").read_bytes()).hexdigest()
