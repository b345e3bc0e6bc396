"""The machine of a run: its device."""

from __future__ import annotations

import torch

from superpose.errors import RecipeError


def chosen_device(name: str) -> str:
    """The torch device of that name; ``auto`` is CUDA, else MPS, else the CPU.

    Raises:
        RecipeError: If there is no such device here.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        torch.empty(1, device=name).cpu()  # a device without memory, as torch's "meta", can't tell what it made
    except (RuntimeError, AssertionError) as error:
        raise RecipeError(f"no device {name!r} here: write auto or cpu") from error
    return name
