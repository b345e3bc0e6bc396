"""Pickled files: plain data alone is read, and what a file is instead is said."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from superpose import RecipeError
from superpose_networks import read_weights

Tensors = dict[str, torch.Tensor]
RAW: Tensors = {"temb.weight": torch.zeros(2, 3), "out.bias": torch.zeros(4)}
EMA: Tensors = {name: value + 1 for name, value in RAW.items()}


class Call:
    def __init__(self, function: Callable[..., object], *given: object) -> None:
        self.call = function, given

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "old"])
@pytest.mark.parametrize(
    "function", [eval, exec, __import__, pathlib.os.system, json.loads], ids=lambda one: one.__name__
)
def test_functions_are_refused_by_name(tmp_path: Path, zipped: bool, function: Callable[..., object]) -> None:
    torch.save(
        {"state_dict": EMA, "args": Call(function, "raise SystemExit")}, tmp_path / "m.pt",
        _use_new_zipfile_serialization=zipped,
    )  # fmt: skip
    with pytest.raises(RecipeError, match=rf"wants .*\.?{function.__name__} to be called|names .*{function.__name__}"):
        read_weights(tmp_path / "m.pt")


OTHERS = {
    b"version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 123\n": "a pointer of Git LFS",
    b"\n <!DOCTYPE html><html>404</html>": "an HTML page",
    b"<HTML>": "an HTML page",
    b'{"error": "not found"}': "is JSON",
    b"": "is empty",
    b"\x1f\x8b123": "packed by gzip",
    b"\x80\x02}q\x00(X": "is damaged, or no file of PyTorch",
}


@pytest.mark.parametrize("content", OTHERS, ids=OTHERS.values())
@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_files_of_something_else_are_named(tmp_path: Path, content: bytes, suffix: str) -> None:
    (tmp_path / f"m{suffix}").write_bytes(content)
    what = OTHERS[content] if suffix == ".pt" or not content.startswith(b"\x80") else "header"
    with pytest.raises(RecipeError, match=what) as caught:
        read_weights(tmp_path / f"m{suffix}")
    assert "weights_only" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_of_another_name_are_told_to_be_renamed(tmp_path: Path) -> None:
    torch.save(EMA, tmp_path / "m.safetensors")
    save_file(EMA, tmp_path / "m.pt")
    with pytest.raises(RecipeError, match=r"rename it to \.pt"):
        read_weights(tmp_path / "m.safetensors")
    with pytest.raises(RecipeError, match=r"rename it to \.safetensors"):
        read_weights(tmp_path / "m.pt")
