"""Weights into a network: named as today, and every one accounted for.

A file that almost fits is refused. A network with one tensor left at its random start runs, and nothing shows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from superpose import RecipeError
from superpose_networks.sites import name_sites

N = TypeVar("N", bound=nn.Module)

_FORMER = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
_FORMER_NAME = re.compile(r"\.(query|key|value|proj_attn)(?=\.(?:weight|bias)$)")


def ready(network: N) -> N:
    """The network as it is asked: frozen, in evaluation mode, its memory in the order that is fastest where it is."""
    network.requires_grad_(requires_grad=False)
    name_sites(network)
    # oneDNN's convolutions are faster on pixels stored before channels; the format spreads from the weights.
    if all(parameter.device.type == "cpu" for parameter in network.parameters()):
        network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
    return network.eval()


def assign(network: nn.Module, weights: dict[str, Tensor], source: str) -> None:
    """Give a network its weights: all of them, and nothing else.

    Names of attention matrices in early files (``query, key, value, proj_attn``) become today's, and matrices stored as
    1x1 convolutions lose their empty axes.

    Arguments:
        network: On any device, "meta" included; its parameters become the given tensors.
        weights: Tensors by published name; emptied, so that none is in memory twice where some are joined.
        source: Where they came from, for the message.

    Raises:
        RecipeError: One line that names the first few tensors that are missing, left over, or of another shape.
    """
    needed = dict(network.state_dict())
    given = {}
    for stored in list(weights):
        value = weights.pop(stored)
        name = stored if stored in needed else _FORMER_NAME.sub(lambda match: "." + _FORMER[match[1]], stored)
        matrix = name in needed and needed[name].dim() == 2 and value.dim() > 2 and set(value.shape[2:]) == {1}
        given[name] = value.flatten(1) if matrix else value
    _check_fit(needed, given, source)
    # What is joined is joined here, in the one table, so that each part leaves memory as its copy enters: torch would
    # join it in copies of the table, one a level of modules, of which all but one go on holding the parts.
    for name, module in network.named_modules():
        join: Any
        for join in module._load_state_dict_pre_hooks.values():
            join(given, f"{name}." if name else "", {}, True, [], [], [])
    network.load_state_dict(given, assign=True)


def _check_fit(needed: Mapping[str, Tensor], given: Mapping[str, Tensor], source: str) -> None:
    complaints = {
        "missing": [name for name in needed if name not in given],
        "unexpected": [name for name in given if name not in needed],
        "of another shape": [
            f"{name} {tuple(value.shape)} instead of {tuple(needed[name].shape)}"
            for name, value in given.items()
            if name in needed and value.shape != needed[name].shape
        ],
        "of another type": [
            f"{name} ({value.dtype})"
            for name, value in given.items()
            if name in needed and value.is_floating_point() != needed[name].is_floating_point()
        ],
    }
    if any(complaints.values()):
        found = "; ".join(f"{len(names)} {what}: {_first(names)}" for what, names in complaints.items() if names)
        raise RecipeError(f"{source} does not fit its configuration: {found}")


def _first(names: Iterable[str], count: int = 3) -> str:
    every = list(names)
    return ", ".join(every[:count]) + (", ..." if len(every) > count else "")
