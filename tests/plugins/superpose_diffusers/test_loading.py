"""Loading the parts of a pipeline: the variant that is asked for, or one sentence why not."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import superpose
import tiny_pipelines
from superpose import RecipeError


def rewrite(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_the_variant_that_is_asked_for(tmp_path: Path) -> None:
    tiny_pipelines.ddpm().save_pretrained(tmp_path, variant="fp16")
    assert superpose.model("diffusers", path=tmp_path, variant="fp16").shape == (3, 8, 8)
    with pytest.raises(RecipeError, match=r"unet can't be loaded as a UNet2DModel: .*safetensors"):
        superpose.model("diffusers", path=tmp_path)


def test_weights_that_can_not_be_loaded(copied: Callable[[str], Path]) -> None:
    folder = copied("ddpm")
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(RecipeError, match=r"unet can't be loaded as a UNet2DModel: "):
        superpose.model("diffusers", path=folder)
    weights.rename(weights.with_suffix(".bin"))
    with pytest.raises(RecipeError, match=r"unet can't be loaded as a UNet2DModel: .*safetensors"):
        superpose.model("diffusers", path=folder)


def test_classes_that_are_not_installed(copied: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = copied("ddpm")
    rewrite(folder / "model_index.json", _class_name="PipelineOfTomorrow")
    with pytest.raises(RecipeError, match="is a PipelineOfTomorrow, which neither diffusers nor transformers has"):
        superpose.model("diffusers", path=folder)
    monkeypatch.setitem(sys.modules, "diffusers", None)
    with pytest.raises(RecipeError, match=r"model kind 'diffusers' needs: pip install 'superpose\[diffusers\]'"):
        superpose.model("diffusers", path=folder)
