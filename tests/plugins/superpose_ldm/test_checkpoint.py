"""Checkpoints of CompVis: a table of weights beside its configuration, refused where they do not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import save_file

from superpose import RecipeError
from superpose_ldm.single import SingleFile

FIXTURES = Path(__file__).parents[2] / "fixtures"
SINGLE = FIXTURES / "ldm_b_class_kl"


def edited(tmp_path: Path, **params: Any) -> Path:
    config = yaml.safe_load((SINGLE / "config.yaml").read_text())
    config["model"]["params"] |= params
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    return tmp_path / "config.yaml"


def complaint(*arguments: Any, **options: Any) -> str:
    with pytest.raises(RecipeError) as caught:
        SingleFile(*arguments, **options).read()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_files_of_something_else(tmp_path) -> None:
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    assert "it has neither model.diffusion_model.* nor model_ema" in complaint(path=tmp_path / "other.safetensors")
    assert "no such file" in complaint(path=tmp_path / "gone.ckpt")
    cut = tmp_path / "cut.ckpt"
    cut.write_bytes((SINGLE / "model.ckpt").read_bytes()[:5000])
    assert "is not a readable file of plain tensors" in complaint(path=cut)
    assert "neither Stable Diffusion 1 nor 2" in complaint(path=SINGLE / "model.ckpt")
    assert "write config = its YAML file" in complaint(path=SINGLE / "model.ckpt")


def test_yaml_files_of_something_else(tmp_path) -> None:
    path = SINGLE / "model.ckpt"
    assert "no such file" in complaint(path=path, config=tmp_path / "gone.yaml")
    (tmp_path / "bad.yaml").write_text("model: [")
    assert "is not readable YAML" in complaint(path=path, config=tmp_path / "bad.yaml")
    (tmp_path / "code.yaml").write_text("model: !!python/object/apply:os.system [echo]")
    assert "is not readable YAML" in complaint(path=path, config=tmp_path / "code.yaml")
    (tmp_path / "list.yaml").write_text("- 1")
    assert "does not hold a table" in complaint(path=path, config=tmp_path / "list.yaml")
    assert "beta_schedule = 'sqrt'" in complaint(path=path, config=edited(tmp_path, beta_schedule="sqrt"))
    assert "parameterization = 'w'" in complaint(path=path, config=edited(tmp_path, parameterization="w"))
    pictures = {"target": "ldm.modules.encoders.modules.FrozenClipImageEmbedder"}
    assert "conditioning by FrozenClipImageEmbedder" in complaint(
        path=path, config=edited(tmp_path, cond_stage_config=pictures)
    )


def test_weights_that_do_not_fit(tmp_path) -> None:
    config = yaml.safe_load((SINGLE / "config.yaml").read_text())
    unet = config["model"]["params"]["unet_config"]
    unet["params"]["model_channels"] = 64
    read = SingleFile(path=SINGLE / "model.ckpt", config=edited(tmp_path, unet_config=unet)).read()
    with pytest.raises(RecipeError, match=r"does not fit its configuration: .* of another shape: "):
        read.unet.load("cpu", torch.float32)
