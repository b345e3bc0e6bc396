"""A cascade from a recipe to its images, by the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from cascade import FIXTURES, Case, texts
from superpose import read_image
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
    first, second = (read_image(out / f"{i:04}.png", (3, 32, 32)) for i in range(2))  # refuses another size
    assert not torch.equal(first, second)


def test_an_upscaler_is_no_first_stage(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = recipe.read_text().replace('kind = "deepfloyd"', 'kind = "deepfloyd-upscaler"')
    recipe.write_text(lines.replace("df_f_if_stage1", "df_g_if_stage2").partition("[[stage]]")[0])
    assert main(["check", str(recipe)]) != 0
    said = capsys.readouterr().err
    assert "cascade.toml:" in said
    assert "stage before" in said or "first" in said
