"""A cascade from a recipe to its images, by the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cascade import FIXTURES, Case, texts
from superpose.cli import main

RECIPE = """
[model]
kind = "deepfloyd"
path = "{first}"
embeddings = "texts.safetensors"
size = 8

[scheduler]
kind = "ddpm"
steps = 3
grid = "leading"

[guidance]
kind = "cfg"
scale = 4

[[view]]
kind = "identity"
prompt = "prompt 0"

[[view]]
kind = "rotate"
degrees = 180
prompt = "prompt 1"

[[stage]]
scheduler = {{ kind = "ddpm", steps = 3, grid = "leading" }}
guidance = {{ kind = "cfg", scale = 4 }}

[stage.model]
kind = "deepfloyd-upscaler"
path = "{second}"
embeddings = "texts.safetensors"

[run]
samples = 2
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    asked = Case("df_f_if_stage1").inputs
    texts(tmp_path / "texts.safetensors", asked["negative_prompt_embeds"][0], *asked["prompt_embeds"])
    file = tmp_path / "cascade.toml"
    folders = {
        name: (FIXTURES / case / "pipeline").as_posix()
        for name, case in {"first": "df_f_if_stage1", "second": "df_g_if_stage2"}.items()
    }
    file.write_text(RECIPE.format(**folders))
    return file


def test_a_cascade_writes_large_images(recipe: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["run", str(recipe), "--out", str(out)]) == 0
    images = [Image.open(file) for file in sorted(out.glob("*.png"))]
    assert [image.size for image in images if image.size == (32, 32)] == [(32, 32)] * 2
