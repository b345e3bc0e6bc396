"""Pixel models people have: folders of diffusers, and checkpoints of DDPM's PyTorch port."""

from __future__ import annotations

from collections.abc import Callable

from superpose import Model, hookimpl
from superpose_ddpm.model import DDPMFolder


@hookimpl
def register_models(register: Callable[[type[Model]], type[Model]]) -> None:
    """Register the pixel model."""
    register(DDPMFolder)
