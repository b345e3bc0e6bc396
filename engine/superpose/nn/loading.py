"""Weights into a network: named as today, and every one accounted for.

A file that almost fits is refused. A network with one tensor left at its random start runs, and nothing shows it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from superpose.errors import RecipeError
from superpose.nn.config import UNet2DConfig
from superpose.nn.unet2d import UNet2D
from superpose.nn.weights import read_weights
from superpose.tables import read_json

N = TypeVar("N", bound=nn.Module)

#: The names that diffusers gives to weights, by order of preference.
WEIGHTS = (
    "diffusion_pytorch_model.safetensors",
    "diffusion_pytorch_model.safetensors.index.json",
    "diffusion_pytorch_model.fp16.safetensors",
    "diffusion_pytorch_model.bin",
    "diffusion_pytorch_model.fp16.bin",
)
#: The names that transformers gives to weights, by its order of preference.
TEXT_WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
    "model.fp16.safetensors",
    "model.safetensors.index.fp16.json",
    "pytorch_model.fp16.bin",
)

_FORMER = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
_FORMER_NAME = re.compile(r"\.(query|key|value|proj_attn)(?=\.(?:weight|bias)$)")


def load_unet2d(
    source: str | os.PathLike[str] | tuple[Path, Path],
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
) -> UNet2D:
    """A U-Net from its published folder, ready to be asked: frozen, in evaluation mode.

    Arguments:
        source: A folder with ``config.json`` and the weights, or the pair (configuration file, weights file).
        device: Where the weights go, straight from the file.
        dtype: What they are cast to on the way.

    Raises:
        RecipeError: A file is missing or damaged, the configuration is not supported, or the two do not fit.
    """
    config, weights = source if isinstance(source, tuple) else weight_files(Path(source))
    with torch.device("meta"):  # no memory, no random numbers
        try:
            network = UNet2D(UNet2DConfig.from_mapping(read_json(config)))
        except ValueError as error:
            raise RecipeError(f"{config}: {error}") from error
    assign(network, read_weights(weights, device, dtype), str(weights))
    return ready(network)


def ready(network: N) -> N:
    """The network as it is asked: frozen, in evaluation mode, its memory in the order that is fastest where it is."""
    network.requires_grad_(requires_grad=False)
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
    needed = {name: value.shape for name, value in network.state_dict().items()}
    given = {}
    for stored in list(weights):
        value = weights.pop(stored)
        name = stored if stored in needed else _FORMER_NAME.sub(lambda match: "." + _FORMER[match[1]], stored)
        matrix = len(needed.get(name, ())) == 2 and value.dim() > 2 and set(value.shape[2:]) == {1}
        given[name] = value.flatten(1) if matrix else value
    complaints = {
        "missing": [name for name in needed if name not in given],
        "unexpected": [name for name in given if name not in needed],
        "of another shape": [
            f"{name} {tuple(value.shape)} instead of {tuple(needed[name])}"
            for name, value in given.items()
            if name in needed and value.shape != needed[name]
        ],
    }
    if any(complaints.values()):
        found = "; ".join(f"{len(names)} {what}: {_first(names)}" for what, names in complaints.items() if names)
        raise RecipeError(f"{source} does not fit its configuration: {found}")
    # What is joined is joined here, in the one table, so that each part leaves memory as its copy enters: torch would
    # join it in copies of the table, one a level of modules, of which all but one go on holding the parts.
    for name, module in network.named_modules():
        join: Any
        for join in module._load_state_dict_pre_hooks.values():
            join(given, f"{name}." if name else "", {}, True, [], [], [])
    network.load_state_dict(given, assign=True)


def _first(names: Iterable[str], count: int = 3) -> str:
    every = list(names)
    return ", ".join(every[:count]) + (", ..." if len(every) > count else "")


def weight_files(folder: Path, names: Iterable[str] = WEIGHTS) -> tuple[Path, Path]:
    """The configuration and the weights of a published folder; the weights are the first of ``names`` that is there."""
    for weights in (folder / name for name in names):
        if weights.exists() and (folder / "config.json").exists():
            return folder / "config.json", weights
    raise RecipeError(f"{folder} needs config.json and one of {', '.join(names)}")
