"""Files of weights in a folder: full ones before rounded ones, by one order for every network, in shards or whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from superpose import RecipeError
from superpose_networks import read_weights, shards, weight_files


def write(folder: Path, name: str, number: float) -> None:
    """A file of that name, or an index of that name with one shard."""
    (folder / "config.json").write_text("{}")
    shard = name
    if name.endswith(".json"):
        shard = f"part-of-{name.replace('.json', '')}.{'bin' if '.bin.' in name else 'safetensors'}"
        (folder / name).write_text(json.dumps({"weight_map": {"a": shard}}))
    (save_file if shard.endswith("safetensors") else torch.save)({"a": torch.full((1,), number)}, folder / shard)


STEMS = {"unet": ("diffusion_pytorch_model", "diffusion_pytorch_model"), "text": ("model", "pytorch_model")}


@pytest.mark.parametrize("kind", STEMS)
def test_one_order_for_every_network(kind: str, tmp_path: Path) -> None:
    safe, pickled = STEMS[kind]
    order = [
        f"{safe}.safetensors", f"{safe}.safetensors.index.json", f"{pickled}.bin", f"{pickled}.bin.index.json",
        f"{safe}.fp16.safetensors", f"{safe}.safetensors.index.fp16.json", f"{pickled}.fp16.bin",
        f"{pickled}.bin.index.fp16.json", f"{safe}.bf16.safetensors",
    ]  # fmt: skip
    for i, name in enumerate(order):
        write(tmp_path, name, i)
    for i, name in enumerate(order):
        assert weight_files(tmp_path) == (tmp_path / "config.json", tmp_path / name)
        assert float(read_weights(tmp_path / name)["a"]) == i
        (tmp_path / name).unlink()


@pytest.mark.parametrize("variant", ["fp16", "bf16", "ema", "non_ema"])
@pytest.mark.parametrize(
    "name", ["model.{}.safetensors", "model.safetensors.index.{}.json", "model.{}.safetensors.index.json",
             "pytorch_model.bin.index.{}.json", "diffusion_pytorch_model.{}.bin"],
)  # fmt: skip
def test_a_variant_is_what_is_asked_for(tmp_path: Path, variant: str, name: str) -> None:
    write(tmp_path, "model.safetensors", 0)
    with pytest.raises(RecipeError, match=f"no weights of variant = '{variant}'; it has .*model.safetensors"):
        weight_files(tmp_path, variant)
    assert weight_files(tmp_path, variant, optional=True)[1].name == "model.safetensors"
    write(tmp_path, name.format(variant), 1)
    assert float(read_weights(weight_files(tmp_path, variant)[1])["a"]) == 1
    assert weight_files(tmp_path)[1].name == "model.safetensors"


def test_averages_are_never_read_unasked(tmp_path: Path) -> None:
    write(tmp_path, "diffusion_pytorch_model.non_ema.safetensors", 0)
    with pytest.raises(RecipeError, match=r"it has config\.json, diffusion_pytorch_model\.non_ema\.safetensors"):
        weight_files(tmp_path)


@pytest.mark.parametrize(
    "name",
    ["../a.safetensors", "/a.safetensors", "b/a.safetensors", "..", "", "i.json", "a", "b\\a.bin", 3, None, ["a"]],
    ids=repr,
)  # fmt: skip
def test_an_index_names_files_of_weights_beside_it(tmp_path: Path, name: object) -> None:
    (tmp_path / "i.json").write_text(json.dumps({"weight_map": {"a": name}}))
    with pytest.raises(RecipeError, match=r"i\.json: (weight_map names .* beside it|weight_map: a )"):
        shards(tmp_path / "i.json")


@pytest.mark.parametrize("content", ["[]", "{}", '{"weight_map": 3}', '{"weight_map": ["a"]}', "{"])
def test_an_index_of_something_else(tmp_path: Path, content: str) -> None:
    (tmp_path / "i.json").write_text(content)
    with pytest.raises(RecipeError, match=r"i\.json"):
        read_weights(tmp_path / "i.json")


def test_one_name_in_two_shards(tmp_path: Path) -> None:
    for i in range(2):
        save_file({"a": torch.ones(1), f"b{i}": torch.ones(1)}, tmp_path / f"{i}.safetensors")
    (tmp_path / "i.json").write_text(json.dumps({"weight_map": {f"b{i}": f"{i}.safetensors" for i in range(2)}}))
    with pytest.raises(RecipeError, match="a is in two of its shards"):
        read_weights(tmp_path / "i.json")
