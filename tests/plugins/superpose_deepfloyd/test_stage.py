"""Stages of DeepFloyd's folders: laws, precision, and files that do not fit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from cascade import FIXTURES, Case, texts
from superpose import RecipeError, StaticClip, make
from superpose.testing import check_predictor

FIRST, SECOND, LARGE = (FIXTURES / case / "pipeline" for case in ("df_f_if_stage1", "df_g_if_stage2", "va_c_stage2"))
WEIGHTS = "diffusion_pytorch_model.safetensors"


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    asked = Case("df_f_if_stage1").inputs
    return texts(tmp_path / "texts.safetensors", asked["negative_prompt_embeds"][0], *asked["prompt_embeds"])


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A pipeline to spoil."""
    return Path(shutil.copytree(FIRST, tmp_path / "pipeline"))


def changed(folder: Path, name: str, **values: Any) -> None:
    file = folder / name
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def test_a_stage_keeps_the_laws_of_predictors(saved: Path) -> None:
    model = make("model", "deepfloyd", path=FIRST, embeddings=saved, size=16)
    check_predictor(model.load(), ["", "prompt 0", "prompt 1"])
    assert model.load().learned_variance == "learned_range"


def test_half_precision(saved: Path) -> None:
    model = make("model", "deepfloyd", path=FIRST, embeddings=saved, size=16)
    predictors = [model.load(dtype=dtype) for dtype in ("float32", "bfloat16")]
    x, level = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(0)), model.schedule.level(0, 500)
    answers = []
    for predictor in predictors:
        given = predictor.gather([predictor.condition("prompt 0")])
        answers.append(predictor.predict(x, level, given).output.float())
    assert predictors[1].network.conv_in.weight.dtype == torch.bfloat16
    assert (answers[0] - answers[1]).abs().max() <= 0.05 * answers[0].abs().max()


def test_a_variance_that_nobody_reads_is_dropped(copy: Path, saved: Path) -> None:
    # As the published pipeline does, where its scheduler takes a fixed variance.
    changed(copy, "scheduler/scheduler_config.json", variance_type="fixed_small", thresholding=False)
    model = make("model", "deepfloyd", path=copy, embeddings=saved, size=16)
    predictor = model.load()
    given = predictor.gather([predictor.condition("")])
    assert predictor.learned_variance == "none"
    assert predictor.predict(torch.zeros(1, 3, 16, 16), model.schedule.level(0, 500), given).variance is None
    assert model.clip == StaticClip()


@pytest.mark.parametrize(
    ("file", "values", "says"),
    [
        ("scheduler/scheduler_config.json", {"variance_type": "learned"}, "variance_type = 'learned' is not supported"),
        ("scheduler/scheduler_config.json", {"beta_schedule": "odd"}, "beta_schedule = 'odd' is not one of linear, "),
        ("scheduler/scheduler_config.json", {"prediction_type": "odd"}, "prediction_type = 'odd' is not one of eps"),
        ("scheduler/scheduler_config.json", {"use_flow_sigmas": True}, "a flow, which this family's networks were"),
        ("unet/config.json", {"out_channels": 5}, "3 channels in and 5 out make no stage of IF"),
    ],
)
def test_settings_of_another_family(copy: Path, file: str, values: dict[str, Any], says: str) -> None:
    changed(copy, file, **values)
    with pytest.raises(RecipeError, match=says) as raised:
        make("model", "deepfloyd", path=copy).shape  # noqa: B018
    assert str(copy / file) in str(raised.value)


def test_weights_that_are_cut_off_missing_or_of_another_shape(copy: Path, saved: Path) -> None:
    weights, model = copy / "unet" / WEIGHTS, make("model", "deepfloyd", path=copy, embeddings=saved)
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RecipeError, match="is not a readable file of plain tensors"):
        model.load()
    weights.unlink()
    with pytest.raises(RecipeError, match=f"has no weights such as {WEIGHTS}"):
        make("model", "deepfloyd", path=copy, embeddings=saved).load()
    weights.write_bytes(whole)
    changed(copy, "unet/config.json", only_cross_attention=True)
    with pytest.raises(RecipeError, match=r"does not fit its configuration: .* unexpected"):
        make("model", "deepfloyd", path=copy, embeddings=saved).load()
