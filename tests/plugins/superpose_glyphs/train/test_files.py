"""Weights as the plugin ships them."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file

from superpose_glyphs.train.files import save_halves


def test_weights_are_halves_and_say_what_they_are(tmp_path: Path) -> None:
    weights = {"b": torch.randn(3, 4, generator=torch.Generator().manual_seed(0)), "a": torch.tensor([1.0, 1 / 3])}
    save_halves(weights, tmp_path / "deep" / "folder" / "x.safetensors")
    found = load_file(tmp_path / "deep" / "folder" / "x.safetensors")
    assert {name: value.dtype for name, value in found.items()} == dict.fromkeys(weights, torch.float16)
    for name, value in weights.items():
        torch.testing.assert_close(found[name].float(), value, rtol=2**-11, atol=0)
    with safe_open(tmp_path / "deep" / "folder" / "x.safetensors", "pt") as file:
        assert file.metadata() == {"format": "pt"}
