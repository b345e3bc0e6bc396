"""The command that writes embeddings: texts are added, and what is wrong is said."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from cascade import LINES
from superpose import RecipeError
from superpose_deepfloyd.embed import embed


def test_texts_are_added_to_a_file_and_those_there_kept(encoder: Path, tmp_path: Path) -> None:
    file = tmp_path / "texts.safetensors"
    assert embed(encoder, file, [LINES[0]]) == ["", LINES[0]]
    before = load_file(file)
    assert embed(encoder, file, [LINES[1], LINES[0]]) == ["", LINES[0], LINES[1]]
    after = load_file(file)
    assert all(torch.equal(after[name][:2], before[name]) for name in before)
    assert [path.name for path in tmp_path.iterdir()] == [file.name], "a draft was left behind"
    with pytest.raises(RecipeError, match="holds texts of another encoder or dtype"):
        embed(encoder, file, [LINES[2]], dtype="bfloat16")


def test_the_command_runs_by_its_name_and_says_what_is_wrong(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "superpose_deepfloyd.embed", "--text-encoder", str(tmp_path), "--out", "x", "a"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{tmp_path} has no text encoder")
    assert done.stderr.count("\n") == 1


def test_what_is_no_encoder_is_refused_before_anything_heavy_is_imported(tmp_path: Path) -> None:
    code = f"""
import sys
from superpose_deepfloyd.embed import main
try:
    main(["--text-encoder", {str(tmp_path)!r}, "--out", "x", "a"])
except SystemExit as error:
    assert error.code == 1
print({{"torch", "transformers"}} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
