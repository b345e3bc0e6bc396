"""Diffusion transformers: images of classes, by transformers over latents."""

from __future__ import annotations

from collections.abc import Callable

from superpose import Model, hookimpl
from superpose_dit.model import DiffusionTransformer


@hookimpl
def register_models(register: Callable[[type[Model]], None]) -> None:
    """Register the diffusion transformer."""
    register(DiffusionTransformer)
