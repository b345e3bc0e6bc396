"""Folders of Stable Diffusion, and folders of something else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from superpose import RecipeError
from superpose_ldm.folder import read_folder

FIXTURES = Path(__file__).parents[2] / "fixtures"
FOLDER = FIXTURES / "df_d_stable_diffusion" / "pipeline"


def test_folders_of_something_else(tmp_path) -> None:
    with pytest.raises(RecipeError, match=r"model_index.json: no such file"):
        read_folder(tmp_path, None, None)
    index = json.loads((FOLDER / "model_index.json").read_text())
    index |= {"text_encoder_2": ["transformers", "CLIPTextModelWithProjection"], "_class_name": "SDXL"}
    (tmp_path / "model_index.json").write_text(json.dumps(index))
    with pytest.raises(RecipeError, match=r'holds a SDXL .* see whether kind = "diffusers" reads it'):
        read_folder(tmp_path, None, None)


def test_long_prompts_are_cut_with_a_warning() -> None:
    words: Any = read_folder(FOLDER, None, None).conditioning
    with pytest.warns(UserWarning, match="reads 16 tokens of a prompt, and does not see"):
        assert not [*words.problems("one " * 40)]
    assert len(words.tokens("one " * 40)) == 16
