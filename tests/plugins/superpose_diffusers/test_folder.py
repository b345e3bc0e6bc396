"""Folders of pipelines: what fits, what is missing, what is something else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import superpose
from superpose import RecipeError
from superpose_diffusers.model import Diffusers


def rewrite(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_what_fits_no_folder(copied: Callable[[str], Path], saved: Callable[[str], Path]) -> None:
    with pytest.raises(RecipeError, match=r"unet is no saved pipeline of diffusers: it has no model_index.json; write"):
        _ = Diffusers(path=saved("ddpm") / "unet").shape
    folder = copied("stable diffusion")
    index = folder / "model_index.json"
    whole = index.read_text()
    rewrite(index, unet=["my_code", "MyUNet"])
    with pytest.raises(RecipeError, match="part 'unet' is a MyUNet of 'my_code', and only parts of diffusers and"):
        _ = Diffusers(path=folder).shape
    rewrite(index, unet=["diffusers", "KandinskyUNet"])
    with pytest.raises(RecipeError, match="the denoiser is a KandinskyUNet; the bridge knows UNet2DModel; UNet2DCond"):
        _ = Diffusers(path=folder).shape
    rewrite(index, unet=[None, None])
    with pytest.raises(
        RecipeError, match=r"a StableDiffusionPipeline has the parts scheduler, text_encoder, .*called unet"
    ):
        _ = Diffusers(path=folder).shape
    rewrite(index, _class_name=["pipeline", "Mine"])
    with pytest.raises(RecipeError, match=r"pipeline \['pipeline', 'Mine'\] is code of its own, which is never run"):
        _ = Diffusers(path=folder).metadata[0].pipeline
    index.write_text(whole)
    rewrite(index, controlnet=["diffusers", "ControlNetModel"])
    with pytest.raises(RecipeError, match=r"has a controlnet \(ControlNetModel\), which the bridge doesn't know"):
        _ = Diffusers(path=folder).shape
    index.write_text(whole)
    rewrite(folder / "unet" / "config.json", in_channels=9)
    with pytest.raises(RecipeError, match="StableDiffusionPipeline takes 9 channels and its autoencoder makes 4"):
        _ = Diffusers(path=folder).shape
    (folder / "unet" / "config.json").write_text("{")
    with pytest.raises(RecipeError, match=r"config.json is not valid JSON"):
        _ = Diffusers(path=folder).shape


def test_parts_that_are_missing(copied: Callable[[str], Path]) -> None:
    folder = copied("stable diffusion")
    index = json.loads((folder / "model_index.json").read_text())
    del index["text_encoder"]
    (folder / "model_index.json").write_text(json.dumps(index))
    with pytest.raises(RecipeError, match=r"can't be put together as a StableDiffusionPipeline: .*'text_encoder'"):
        superpose.model("diffusers", path=folder)
    shutil.rmtree(folder / "tokenizer")
    with pytest.raises(RecipeError, match=r"tokenizer can't be loaded as a \w+: "):
        superpose.model("diffusers", path=folder)
