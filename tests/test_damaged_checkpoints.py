"""Damaged and hostile checkpoints of every family: refused in a sentence of ours, or read; nothing else happens."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

import superpose
from superpose import SuperposeError

FIXTURES = Path(__file__).parent / "fixtures"
#: What is copied, the file in it that is damaged, and the recipe's options.
FAMILIES: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "folder": ("df_a_unet2d_ddpm/pipeline", "unet/diffusion_pytorch_model.safetensors", "ddpm", {}),
    "bin": ("df_c_unet2d_legacy_keys/pipeline", "unet/diffusion_pytorch_model.bin", "ddpm", {}),
    "port": ("pd_a_ddpm_model", "model.ckpt", "ddpm", {"size": 16}),
    "guided": (
        "gd_b_unet_newattn", "model.pt", "guided-diffusion",
        {"size": 16, "betas": "linear", "heads": 2, "order": "new"},
    ),
    "ldm": ("ldm_a_uncond_vq", "model.ckpt", "ldm", {}),
    "stable-diffusion": (
        "df_d_stable_diffusion/pipeline", "unet/diffusion_pytorch_model.safetensors", "stable-diffusion", {},
    ),
    "dit": ("df_h_dit/pipeline", "transformer/diffusion_pytorch_model.safetensors", "dit", {}),
    "diffae": ("da_a_autoenc", "last.ckpt", "diffae", {}),
}  # fmt: skip
DAMAGES = (
    "truncated", "byte", "missing", "renamed", "shape", "flat", "scalar", "empty", "whole numbers", "complex", "NaN",
    "no step", "list", "text", "wrapped",
)  # fmt: skip


def damage(path: Path, how: str, where: float) -> None:
    data = bytearray(path.read_bytes())
    if how in ("truncated", "byte"):
        place = int(where * (len(data) - 1))
        data[place] ^= 255
        path.write_bytes(data[:place] if how == "truncated" else data)
        return
    safe = path.suffix == ".safetensors"
    whole = load_file(path) if safe else torch.load(path, weights_only=False)
    table = dict(whole.get("state_dict", whole))
    name = sorted(table)[int(where * (len(table) - 1))]
    value = table.pop(name)
    one = value.reshape(-1)[:1] if value.numel() else torch.zeros(1)
    more: dict[str, Any] = {
        "missing": {}, "renamed": {f"x.{name}": value}, "wrapped": {name: value},
        "shape": {name: torch.cat([value, value]) if value.dim() else one},
        "flat": {name: value.reshape(-1)}, "scalar": {name: one.reshape(()).clone()},
        "empty": {name: torch.zeros(0, 3)}, "whole numbers": {name: torch.zeros(value.shape, dtype=torch.int64)},
        "complex": {name: value.to(torch.complex64)}, "NaN": {name: torch.full(value.shape, torch.nan)},
        "no step": {name: one if safe else one.clone().expand(10**9)}, "list": {name: one if safe else [value]},
        "text": {name: one if safe else "text"},
    }  # fmt: skip
    table |= more[how]
    if how == "wrapped":
        table = {f"module.{key}": one for key, one in table.items()}
    if safe:
        save_file({key: one.contiguous() for key, one in table.items()}, path)
    else:
        torch.save({**whole, "state_dict": table} if "state_dict" in whole else table, path)


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=5)
@given(how=st.sampled_from(DAMAGES), where=st.floats(0, 1))
def test_a_damaged_checkpoint_is_refused_or_read(family: str, how: str, where: float) -> None:
    source, file, kind, options = FAMILIES[family]
    with tempfile.TemporaryDirectory() as room:
        folder = Path(shutil.copytree(FIXTURES / source, Path(room) / "m"))
        damage(folder / file, how, where)
        path = folder if (folder / "model_index.json").exists() else folder / file
        more = {**options, "config": folder / "config.yaml"} if kind == "ldm" else options
        said = complaint(kind, path=path, **more)
    assert "\n" not in said
    assert "weights_only" not in said
    assert len(said) < 1500


def complaint(kind: str, **options: Any) -> str:
    try:
        network = superpose.model(kind, **options)
        assert len(network.shape) == 3
    except SuperposeError as error:
        return str(error)
    return ""
