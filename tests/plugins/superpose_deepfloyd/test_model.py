"""Stages as recipes name them: what is said of files, and what is said of wrong ones."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from cascade import FIXTURES, Case, Recorded, texts
from superpose import DynamicClip, PromptError, RecipeError, TableSchedule, make, refuse

FIRST, SECOND, LARGE = (FIXTURES / case / "pipeline" for case in ("df_f_if_stage1", "df_g_if_stage2", "va_c_stage2"))
WEIGHTS = "diffusion_pytorch_model.safetensors"


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    asked = Case("df_f_if_stage1").inputs
    return texts(tmp_path / "texts.safetensors", asked["negative_prompt_embeds"][0], *asked["prompt_embeds"])


def test_what_a_pipeline_says() -> None:
    stage = make("model", "deepfloyd", path=FIRST)
    assert stage.shape == (3, 64, 64)
    assert stage.schedule == TableSchedule.named("cosine")
    assert stage.clip == DynamicClip(ratio=0.95, maximum=1.5)
    assert not stage.upscales
    large = make("model", "deepfloyd-upscaler", path=LARGE)
    assert large.shape == (3, 256, 256)
    assert large.noise_level == 50
    assert large.upscales
    assert make("model", "deepfloyd", path=FIRST, size=32).shape == (3, 32, 32)


def test_the_bare_folder_of_a_network_has_the_published_levels(tmp_path: Path) -> None:
    for kind, pipeline, maximum in (("deepfloyd", FIRST, 1.5), ("deepfloyd-upscaler", SECOND, 1.0)):
        bare = Path(shutil.copytree(pipeline / "unet", tmp_path / kind / "network"))
        stage = make("model", kind, path=bare)
        assert stage.schedule == TableSchedule.named("cosine")
        assert stage.clip == DynamicClip(ratio=0.95, maximum=maximum)
        assert stage.stage.learns_variance


def test_hashes_of_what_is_loaded(saved: Path) -> None:
    model = make("model", "deepfloyd", path=FIRST, embeddings=saved)
    assert set(model.weights()) == {f"unet/{WEIGHTS}", f"{saved.parent.name}/{saved.name}"}
    file = FIRST / "unet" / WEIGHTS
    assert model.weights()[f"unet/{WEIGHTS}"] == hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_small_image_beside_one_sample_is_that_beside_many(saved: Path) -> None:
    predictor = make("model", "deepfloyd-upscaler", path=SECOND, embeddings=saved).load()
    torch.manual_seed(0)
    low, noise = torch.randn(5, 3, 8, 8), torch.randn(5, 3, 32, 32)
    conditioning = predictor.conditioning(low, lambda purpose="step": noise)
    alone = predictor.conditioning(low[3:4], lambda purpose="step": noise[3:4])
    assert torch.equal(conditioning.channels[3:4], alone.channels)
    assert conditioning.per_sample["noise_level"].tolist() == [50] * 5


def test_an_upscaler_without_a_small_image(saved: Path) -> None:
    predictor = make("model", "deepfloyd-upscaler", path=SECOND, embeddings=saved).load()
    with pytest.raises(RecipeError, match="needs images to paint over"):
        predictor.conditioning(None, Recorded([]).draw)


@pytest.mark.parametrize(
    ("kind", "options", "says"),
    [
        ("deepfloyd", {}, "give path, a file or folder on this machine, or hub"),
        ("deepfloyd", {"path": FIXTURES / "nowhere"}, "nowhere: no such file or folder"),
        ("deepfloyd", {"path": FIRST / "unet" / WEIGHTS}, "is a file: give the folder"),
        ("deepfloyd", {"path": FIXTURES}, "has no config.json"),
        ("deepfloyd", {"path": FIXTURES / "df_a_unet2d_ddpm" / "pipeline"}, "_class_name = 'UNet2DModel' is not supp"),
        ("deepfloyd", {"path": SECOND}, 'is an upscaler: write kind = "deepfloyd-upscaler"'),
        ("deepfloyd-upscaler", {"path": FIRST}, 'is a first stage: write kind = "deepfloyd"'),
        ("deepfloyd", {"path": FIRST, "size": 33}, "size = 33: write a multiple of 2"),
        ("deepfloyd-upscaler", {"path": SECOND, "noise_level": 1000}, "must be at most 999, got 1000"),
    ],
    ids=["no path", "nowhere", "file", "no pipeline", "family", "upscaler", "first stage", "size", "noise level"],
)
def test_wrong_folders(kind: str, options: dict[str, Any], says: str) -> None:
    with pytest.raises(RecipeError, match=says) as raised:
        make("model", kind, **options).shape  # noqa: B018
    assert "\n" not in str(raised.value)


def test_no_text_encoder_and_no_texts() -> None:
    with pytest.raises(RecipeError, match="has no text encoder"):
        refuse(make("model", "deepfloyd", path=FIRST).prompt_problems(""), PromptError)
