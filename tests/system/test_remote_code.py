"""Code beside a model is never run, whatever somebody answers who is asked."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from superpose import RecipeError
from superpose_deepfloyd.text import TextFolder
from superpose_diffusers.loading import _part
from superpose_ldm.conditioning import Words

READERS: dict[str, Callable[[Path], object]] = {
    "stable-diffusion": lambda folder: Words(Any, 1, 1, folder).tokens(""),
    "deepfloyd": lambda folder: TextFolder(folder).load(),
    "diffusers": lambda folder: _part(transformers.AutoTokenizer, folder, torch.device("cpu"), torch.float32, None),
}


@pytest.mark.parametrize("kind", READERS)
def test_code_beside_a_tokenizer_is_not_run(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = tmp_path / "ran"
    (tmp_path / "evil.py").write_text(f"open({str(ran)!r}, 'w').close()\nclass Evil: pass\n")
    about = {"tokenizer_class": "Evil", "auto_map": {"AutoTokenizer": ["evil.Evil", "evil.Evil"]}}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(about))
    (tmp_path / "config.json").write_text(json.dumps({"auto_map": {"AutoConfig": "evil.Evil"}, "model_type": "evil"}))
    (tmp_path / "model.safetensors").touch()
    asked = io.StringIO("y\n" * 9)
    monkeypatch.setattr("sys.stdin", asked)
    with pytest.raises(RecipeError, match=str(tmp_path)):
        READERS[kind](tmp_path)
    assert asked.tell() == 0
    assert not ran.exists()
