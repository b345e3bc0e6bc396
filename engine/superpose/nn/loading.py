"""Weights from published files into a network: read safely, named as today, and every one accounted for.

A file that almost fits is refused. A network with one tensor left at its random start runs, and nothing shows it.
"""

from __future__ import annotations

import json
import os
import pickle
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from superpose.nn.config import UNet2DConfig
from superpose.nn.unet2d import UNet2D

WEIGHTS = (
    "diffusion_pytorch_model.safetensors",
    "diffusion_pytorch_model.safetensors.index.json",
    "diffusion_pytorch_model.fp16.safetensors",
    "diffusion_pytorch_model.bin",
    "diffusion_pytorch_model.fp16.bin",
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
        FileNotFoundError: A file is missing; the message lists the names looked for.
        ValueError: The configuration is not supported, a file is damaged, or weights and configuration do not fit.
    """
    config, weights = source if isinstance(source, tuple) else _files(Path(source))
    with torch.device("meta"):  # no memory, no random numbers
        network = UNet2D(UNet2DConfig.from_mapping(_json(config)))
    assign(network, read_weights(weights, device, dtype), str(weights))
    network.requires_grad_(requires_grad=False)
    # oneDNN's convolutions are faster on pixels stored before channels; the format spreads from the weights.
    if torch.device(device).type == "cpu":
        network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
    return network.eval()


def read_weights(
    path: Path, device: str | torch.device = "cpu", dtype: torch.dtype | None = torch.float32
) -> dict[str, Tensor]:
    """All tensors of a ``.safetensors`` file, of the shards an ``.index.json`` names, or of a ``.bin`` or ``.pt`` file.

    Arguments:
        path: The file.
        device: Where the tensors go.
        dtype: What floating-point tensors are cast to; None leaves them as stored.

    Raises:
        ValueError: The file is damaged, or holds anything but plain tensors: pickled code is never run.
    """
    if path.name.endswith(".index.json"):
        shards = sorted(set(_json(path)["weight_map"].values()))
        return {
            name: value for shard in shards for name, value in read_weights(path.parent / shard, device, dtype).items()
        }
    try:
        if path.suffix == ".safetensors":
            with safe_open(path, framework="pt", device=str(device)) as file:
                return {name: _cast(file.get_tensor(name), dtype) for name in file.keys()}  # noqa: SIM118, not a dict
        stored = torch.load(path, map_location=device, weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"{path} is not a readable file of plain tensors: {reason}") from error
    if not isinstance(stored, dict) or not all(isinstance(value, Tensor) for value in stored.values()):
        raise ValueError(f"{path} does not hold a plain table of tensors by name")
    return {name: _cast(value, dtype) for name, value in stored.items()}


def assign(network: nn.Module, weights: Mapping[str, Tensor], source: str) -> None:
    """Give a network its weights: all of them, and nothing else.

    Names of attention matrices in early files (``query, key, value, proj_attn``) become today's, and matrices stored as
    1x1 convolutions lose their two empty axes.

    Arguments:
        network: On any device, "meta" included; its parameters become the given tensors.
        weights: Tensors by published name.
        source: Where they came from, for the message.

    Raises:
        ValueError: One line that names the first few tensors that are missing, left over, or of another shape.
    """
    needed = {name: value.shape for name, value in network.state_dict().items()}
    given = {}
    for stored, value in weights.items():
        name = stored if stored in needed else _FORMER_NAME.sub(lambda match: "." + _FORMER[match[1]], stored)
        matrix = value.dim() == 4 and value.shape[2:] == (1, 1) and len(needed.get(name, ())) == 2
        given[name] = value[:, :, 0, 0] if matrix else value
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
        raise ValueError(f"{source} does not fit its configuration: {found}")
    network.load_state_dict(given, assign=True)


def _first(names: Iterable[str], count: int = 3) -> str:
    every = list(names)
    return ", ".join(every[:count]) + (", ..." if len(every) > count else "")


def _cast(value: Tensor, dtype: torch.dtype | None) -> Tensor:
    return value.to(dtype) if value.is_floating_point() else value


def _files(folder: Path) -> tuple[Path, Path]:
    for weights in (folder / name for name in WEIGHTS):
        if weights.exists() and (folder / "config.json").exists():
            return folder / "config.json", weights
    raise FileNotFoundError(f"{folder} needs config.json and one of {', '.join(WEIGHTS)}")


def _json(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not valid JSON: {error}") from error
    return content
