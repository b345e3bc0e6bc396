"""Files of distributions of grey images, a third of what is computed with, in half precision."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from superpose import replacing
from superpose_gaussian.normal import Mixture, Normal
from superpose_gaussian.prompts import PROMPTS_FILE
from superpose_networks import read_weights

#: Channels of a grey image, all equal.
CHANNELS = 3

_PARTS = ("mean", "components", "variances", "rest")


def write(folder: Path, images: Mixture, prompts: tuple[str, ...], shape: tuple[int, int, int]) -> None:
    """Write ``model.safetensors`` and the names beside it.

    Arguments:
        folder: Where.
        images: A mixture of RGB images whose channels are equal.
        prompts: Names of its distributions.
        shape: (3, H, W).
    """
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    told = {part: torch.stack([getattr(one, part) for one in images.normals]) for part in _PARTS}
    area = shape[1] * shape[2]
    # Variances are small and few: they keep their precision.
    halves = {
        part: value[..., :area].half() if part in ("mean", "components") else value.float()
        for part, value in told.items()
    }
    with replacing(folder / "model.safetensors") as path:
        save_file({name: one.contiguous() for name, one in halves.items()} | {"shares": images.shares.float()}, path)
    with replacing(folder / PROMPTS_FILE) as path:
        path.write_text(json.dumps({"shape": shape, "prompts": prompts}) + "\n", encoding="utf-8")


def read(folder: Path) -> Mixture:
    """The mixture in a folder; its components are made orthonormal again, of which files keep three digits."""
    told = read_weights(folder / "model.safetensors", "cpu", torch.float64)
    mean, components = told["mean"].repeat(1, CHANNELS), told["components"].repeat(1, 1, CHANNELS)
    components = torch.linalg.qr(components.transpose(1, 2)).Q.transpose(1, 2)
    normals = zip(mean, components, told["variances"], told["rest"], strict=True)
    return Mixture(tuple(Normal(*parts) for parts in normals), told["shares"] / told["shares"].sum())
