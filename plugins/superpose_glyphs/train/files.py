"""Weights as the plugin ships them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from superpose import write_tensors

if TYPE_CHECKING:
    from torch import Tensor


def save_halves(weights: Mapping[str, Tensor], path: Path) -> None:
    """Write weights in float16 as safetensors; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_tensors({name: value.half() for name, value in weights.items()}, path, {"format": "pt"})
