"""Names of averaged weights have their dots again."""

from __future__ import annotations

import enum
import pathlib
from pathlib import Path
from typing import Any

import pytest
import torch

from superpose_networks import tensor_shapes
from superpose_networks.latent import dotted

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


@pytest.mark.parametrize("case", ["ldm_a_uncond_vq", "ldm_b_class_kl", "ip_a_instruct_pix2pix"])
def test_dots_come_back_where_averaging_took_them(case: str) -> None:
    shapes = tensor_shapes(Path(__file__).parents[2] / "fixtures" / case / "model.ckpt")
    names = [
        name.removeprefix("model.diffusion_model.") for name in shapes if name.startswith("model.diffusion_model.")
    ]
    assert len(names) > 50
    assert [dotted(name.replace(".", "")) for name in names] == names
    assert dotted("input_blocks110in_layers0weight") == "input_blocks.11.0.in_layers.0.weight"
