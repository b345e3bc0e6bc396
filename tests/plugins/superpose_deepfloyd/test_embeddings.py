"""Files of texts: what is in them, what is near, and files that are none."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from cascade import FIXTURES
from superpose import PromptError, RecipeError, make, refuse
from superpose_deepfloyd.embeddings import Embeddings, write

PIPELINE = FIXTURES / "df_f_if_stage1" / "pipeline"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "no such file; python -m superpose_deepfloyd.embed writes it"),
        (b"not a file of tensors", "is no file of texts"),
        ({}, "is no file of texts"),
        ({"prompts": '["", "a"]'}, "names 2 prompts and holds 1 texts"),
    ],
    ids=["missing", "garbage", "no prompts", "wrong count"],
)
def test_files_that_are_no_texts(content: Any, says: str, tmp_path: Path) -> None:
    file = tmp_path / "texts.safetensors"
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content is not None:
        save_file({"states": torch.zeros(1, 7, 32)}, file, content)
    with pytest.raises(RecipeError, match=says):
        refuse(make("model", "deepfloyd", path=PIPELINE, embeddings=file).prompt_problems(""), PromptError)


def test_texts_of_another_encoder(tmp_path: Path) -> None:
    file = tmp_path / "texts.safetensors"
    save_file({"states": torch.zeros(1, 7, 16)}, file, {"prompts": '[""]'})
    with pytest.raises(RecipeError, match="texts have 16 features, and the network reads 32"):
        refuse(make("model", "deepfloyd", path=PIPELINE, embeddings=file).prompt_problems(""), PromptError)


PROMPTS = ["", "a painting of a cat", "a photo of a dog"]


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    states = torch.arange(3.0)[:, None, None].expand(3, 77, 32).contiguous()
    write(tmp_path / "texts.safetensors", PROMPTS, states, torch.ones(3, 77))
    return tmp_path / "texts.safetensors"


def test_what_is_written_is_read(texts: Path) -> None:
    saved = Embeddings.of(texts)
    assert saved.shape == (77, 32)
    told = saved.open("cpu", "float32")
    for number, prompt in enumerate(PROMPTS):
        assert torch.equal(told(prompt), torch.full((1, 77, 32), float(number)))
    assert torch.equal(told("  A Painting of a CAT "), told(PROMPTS[1])), "as IF's pipelines clean a prompt"


@pytest.mark.parametrize(
    ("prompt", "says"),
    [
        ("a painting of a bat", r"prompt 'a painting of a bat' is not in .*, which has 'a painting of a cat'"),
        ("xyzzy", r"which has '', 'a painting of a cat', 'a photo of a dog': write it there with"),
    ],
)
def test_what_is_not_in_it_is_told_with_the_nearest(texts: Path, prompt: str, says: str) -> None:
    saved = Embeddings.of(texts)
    [problem] = saved.problems(prompt)
    assert re.search(says, str(problem))
    with pytest.raises(PromptError, match=says):
        saved.open("cpu", "float32")(prompt)
    assert not list(saved.problems(PROMPTS[1].upper()))
