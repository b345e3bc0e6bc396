"""Every tensor of a file is used, by today's name or a former one; whatever does not fit is refused in one line."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from superpose import RecipeError
from superpose_networks import UNet2D, UNet2DConfig, assign, load_unet2d, read_weights

FIXTURES = Path(__file__).parents[2] / "fixtures"
SOURCE = FIXTURES / "df_a_unet2d_ddpm" / "pipeline" / "unet"
WEIGHTS = "diffusion_pytorch_model.safetensors"
Tensors = dict[str, torch.Tensor]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SOURCE, tmp_path / "unet"))


def same(one: UNet2D, other: UNet2D) -> bool:
    mine, theirs = one.state_dict(), other.state_dict()
    return mine.keys() == theirs.keys() and all(torch.equal(mine[name], theirs[name]) for name in mine)


def test_former_names_and_convolutions_of_one_pixel(folder: Path) -> None:
    former = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    renamed = {}
    for name, value in load_file(folder / WEIGHTS).items():
        then = next((then for today, then in former.items() if f".{today}." in name), None)
        if then is None:
            renamed[name] = value
        else:
            stem, part = name[: name.index(".to_")], name.rsplit(".", 1)[1]
            renamed[f"{stem}.{then}.{part}"] = value[:, :, None, None].clone() if part == "weight" else value
    save_file(renamed, folder / WEIGHTS)
    assert same(load_unet2d(folder), load_unet2d(SOURCE))


def without(name: str) -> Callable[[Tensors], Tensors]:
    return lambda weights: {key: value for key, value in weights.items() if key != name}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without("conv_in.bias"), "1 missing: conv_in.bias"),
        (without("mid_block.attentions.0.to_k.weight"), "1 missing: mid_block.attentions.0.to_k.weight"),
        (without("up_blocks.1.resnets.0.time_emb_proj.bias"), "1 missing: up_blocks.1.resnets.0.time_emb_proj.bias"),
        (lambda weights: weights | {"lora.up": torch.ones(1)}, "1 unexpected: lora.up"),
        (
            lambda weights: weights | {"conv_out.bias": torch.ones(6)},
            r"1 of another shape: conv_out.bias \(6,\) instead of \(3,\)",
        ),
        (lambda weights: {"a": torch.ones(1)}, r"\d+ missing: [\w.]+, [\w.]+, [\w.]+, \.\.\.; 1 unexpected: a$"),
    ],
)
def test_what_does_not_fit_is_named(folder: Path, change: Callable[[Tensors], Tensors], message: str) -> None:
    save_file(change(load_file(folder / WEIGHTS)), folder / WEIGHTS)
    with pytest.raises(RecipeError, match=message) as caught:
        load_unet2d(folder)
    assert "\n" not in str(caught.value)


def test_a_refused_file_leaves_the_network_alone() -> None:
    network = UNet2D(UNet2DConfig.from_mapping(json.loads((SOURCE / "config.json").read_text())))
    before = network.conv_in.weight.clone()
    with pytest.raises(RecipeError, match="1 missing"):
        assign(network, without("conv_in.bias")(load_file(SOURCE / WEIGHTS)), "it")
    assert torch.equal(network.conv_in.weight, before)


class Bomb:
    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return (pytest.fail, ("pickled code was run",))


def test_pickled_code_is_never_run(tmp_path: Path) -> None:
    torch.save({"weight": Bomb()}, tmp_path / "new.bin")
    (tmp_path / "old.bin").write_bytes(pickle.dumps({"weight": Bomb()}, protocol=2))
    for name in ("new.bin", "old.bin"):
        with pytest.raises(RecipeError, match="is not a readable file of plain tensors"):
            read_weights(tmp_path / name)


@pytest.mark.parametrize("name", ["a.safetensors", "a.bin"])
@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"\x00" * 100])
def test_damaged_files(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RecipeError, match="is not a readable file of plain tensors") as caught:
        read_weights(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_table_of_something_else(tmp_path: Path) -> None:
    torch.save({"weight": torch.ones(1), "lr": 0.1}, tmp_path / "a.bin")
    with pytest.raises(RecipeError, match="does not hold a plain table of tensors"):
        read_weights(tmp_path / "a.bin")
