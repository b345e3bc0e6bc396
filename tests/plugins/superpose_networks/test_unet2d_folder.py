"""U-Nets in folders: frozen, of one file or of shards, and what is missing or broken is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from superpose import RecipeError
from superpose_networks import UNet2D, load_unet2d

FIXTURES = Path(__file__).parents[2] / "fixtures"
SOURCE = FIXTURES / "df_a_unet2d_ddpm" / "pipeline" / "unet"
WEIGHTS = "diffusion_pytorch_model.safetensors"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SOURCE, tmp_path / "unet"))


def same(one: UNet2D, other: UNet2D) -> bool:
    mine, theirs = one.state_dict(), other.state_dict()
    return mine.keys() == theirs.keys() and all(torch.equal(mine[name], theirs[name]) for name in mine)


def test_loaded_network_is_frozen_and_in_evaluation_mode() -> None:
    network = load_unet2d(SOURCE)
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}
    assert not any(value.is_meta for value in network.state_dict().values())


def test_loading_draws_no_random_numbers() -> None:
    before = torch.get_rng_state()
    load_unet2d(SOURCE)
    assert torch.equal(before, torch.get_rng_state())


def test_pair_of_files() -> None:
    assert same(load_unet2d((SOURCE / "config.json", SOURCE / WEIGHTS)), load_unet2d(SOURCE))


def test_bin_is_the_same(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    torch.save(load_file(SOURCE / WEIGHTS), folder / "diffusion_pytorch_model.bin")
    assert same(load_unet2d(folder), load_unet2d(SOURCE))


def test_shards_are_the_same(folder: Path) -> None:
    whole = load_file(folder / WEIGHTS)
    (folder / WEIGHTS).unlink()
    shards = {name: f"part-{i % 2}.safetensors" for i, name in enumerate(whole)}
    for shard in set(shards.values()):
        save_file({name: value for name, value in whole.items() if shards[name] == shard}, folder / shard)
    (folder / f"{WEIGHTS}.index.json").write_text(json.dumps({"weight_map": shards}))
    assert same(load_unet2d(folder), load_unet2d(SOURCE))


def test_missing_files_are_listed(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    with pytest.raises(RecipeError, match=rf"has no weights such as {WEIGHTS}; it has config.json"):
        load_unet2d(folder)


def test_broken_configuration_file(folder: Path) -> None:
    (folder / "config.json").write_text("{")
    with pytest.raises(RecipeError, match=r"config\.json is not valid JSON"):
        load_unet2d(folder)
