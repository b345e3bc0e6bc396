"""What training programs wrap a network's tensors in: each is seen through, or named with what the file holds."""

from __future__ import annotations

import enum
import pathlib
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from superpose import RecipeError
from superpose_networks import read_weights, tensor_shapes
from superpose_networks.unwrapping import plain_names

Tensors = dict[str, torch.Tensor]
RAW: Tensors = {"temb.weight": torch.zeros(2, 3), "out.bias": torch.zeros(4)}
EMA: Tensors = {name: value + 1 for name, value in RAW.items()}
OPTIMISER = {"state": {0: {"step": 3, "exp_avg": torch.ones(3)}}, "param_groups": [{"lr": 0.1, "params": [0]}]}


def before(word: str, table: Tensors) -> Tensors:
    return {f"{word}.{name}": value for name, value in table.items()}


class Own:
    """A class that is nowhere when the file is read."""


class Mode(enum.Enum):
    ONE = 1


WRAPPED: dict[str, Any] = {
    "state_dict": {"state_dict": EMA, "epoch": 3},
    "model": {"model": EMA, "optimizer": OPTIMISER},
    "model_state_dict": {"model_state_dict": EMA, "optimizer_state_dict": OPTIMISER, "loss": 0.1},
    "ema beside raw": {"model": RAW, "ema": EMA, "opt": OPTIMISER, "args": None},
    "shadow": {"model": RAW, "ema": {"decay": 0.99, "num_updates": 7, "shadow": EMA}},
    "shadow_params": {"model": before("module", RAW), "ema": {"decay": 0.99, "shadow_params": [*EMA.values()]}},
    "ddim": [before("module", RAW), OPTIMISER, 3, 1000, EMA],
    "ddim without averages": [before("module", EMA), OPTIMISER, 3, 1000],
    "data parallel": before("module", EMA),
    "twice": before("module.module", EMA),
    "compiled": before("_orig_mod", EMA),
    "compiled within": {name.replace(".", "._orig_mod."): value for name, value in EMA.items()},
    "compiled and parallel": before("module._orig_mod", EMA),
    "lightning": {"state_dict": before("model", EMA) | {"loss.weight": torch.ones(1)}, "hyper_parameters": {"lr": 0.1}},
    "lightning, averaged": {"state_dict": before("model", RAW) | before("ema_model", EMA)},
    "averaged model": before("module", EMA) | {"n_averaged": torch.tensor(3)},
    "own classes": {"state_dict": EMA, "hyper_parameters": {"dir": pathlib.Path("/a"), "own": Own(), Mode.ONE: 1}},
}  # fmt: skip


@pytest.mark.parametrize("kind", WRAPPED)
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "old"])
def test_every_wrapper_is_seen_through(kind: str, zipped: bool, tmp_path: Path) -> None:
    torch.save(WRAPPED[kind], tmp_path / "m.pt", _use_new_zipfile_serialization=zipped)
    found = read_weights(tmp_path / "m.pt", landmark="temb.weight")
    assert found.keys() == EMA.keys()
    assert all(torch.equal(found[name], EMA[name]) for name in EMA)
    assert tensor_shapes(tmp_path / "m.pt", landmark="temb.weight") == {n: tuple(v.shape) for n, v in EMA.items()}


def test_averages_in_the_order_of_parameters_go_to_their_names(tmp_path: Path) -> None:
    """As the score SDE's programs save them: buffers and frozen parameters are in the raw table alone."""
    network = torch.nn.Sequential(
        torch.nn.Linear(3, 4), torch.nn.Module(), torch.nn.Linear(4, 5), torch.nn.Linear(5, 6)
    )
    network[1].register_buffer("sigmas", torch.rand(9))
    network[2].bias.requires_grad_(requires_grad=False)
    learned = [parameter for parameter in network.parameters() if parameter.requires_grad]
    averaged = {"decay": 0.999, "num_updates": 5, "shadow_params": [parameter.detach() + 1 for parameter in learned]}
    torch.save({"optimizer": OPTIMISER, "model": network.state_dict(), "ema": averaged, "step": 5}, tmp_path / "m.pt")
    found = read_weights(tmp_path / "m.pt", dtype=None)
    frozen = {"2.bias", "1.sigmas"}
    for name, value in network.state_dict().items():
        assert torch.equal(found[name], value if name in frozen else value + 1), name


def test_safetensors_are_seen_through_as_well(tmp_path: Path) -> None:
    save_file(before("module._orig_mod.model", EMA), tmp_path / "m.safetensors")
    assert read_weights(tmp_path / "m.safetensors", landmark="temb.weight").keys() == EMA.keys()


def test_words_that_are_a_networks_own_stay() -> None:
    names = ["model.diffusion_model.temb.weight", "modules.temb.weight", "first_stage_model.module.a"]
    assert plain_names(Path("m"), names, "temb.weight") == {name: name for name in names}
    mixed = ["module.a", "b"]
    assert plain_names(Path("m"), mixed) == {name: name for name in mixed}


REFUSED: dict[str, tuple[Any, str]] = {
    "averages alone": ({"ema": {"shadow_params": [torch.ones(1)]}}, "without their names .*, and no table of names is"),
    "averages of another": ({"model": RAW, "ema": {"shadow_params": [torch.ones(1)]}}, "beside it do not say whose"),
    "averages of either": (
        {"model": {"a": torch.ones(2), "b": torch.ones(2)}, "ema": {"shadow_params": [torch.ones(2)]}},
        "beside it do not say whose: put them into a network with the program that wrote them",
    ),
    "averages that are none": ({"model": RAW, "ema": {"shadow_params": [*EMA.values(), 3]}}, "do not say whose"),
    "a list": ([1, "a"], "it holds a list of 2: a int, a str"),
    "another table": ({"weights": Own()}, r"it holds the keys 'weights', a .*test_unwrapping\.Own"),
    "an object": (Own(), r"it holds a .*test_unwrapping\.Own"),
    "one that is none": ({"state_dict": {**EMA, "mode": Mode.ONE}}, r"'mode' holds a .*\.Mode, and not a"),
    "a bare table with a note": ({**EMA, "epoch": 3}, "'epoch' holds a int, and not a tensor"),
    "a wrapped table with a note": ({"model": {**EMA, "epoch": 3}}, "'epoch' holds a int, and not a tensor"),
    "numbers for names": ({0: torch.ones(1)}, "its tensors are called 0 and the like"),
    "two networks": ({**before("net", EMA), **before("model", EMA)}, r"several networks, model\.\*, net\.\*"),
    "one name twice": ({"a._orig_mod.b": torch.ones(1), "a.b": torch.ones(1)}, "which are one name"),
    "nothing": ({}, "it holds an empty table"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_holds_no_table_is_described(kind: str, tmp_path: Path) -> None:
    stored, message = REFUSED[kind]
    torch.save(stored, tmp_path / "m.pt")
    with pytest.raises(RecipeError, match=message) as caught:
        read_weights(tmp_path / "m.pt", landmark="temb.weight")
    assert str(tmp_path / "m.pt") in str(caught.value)
    assert "\n" not in str(caught.value)
