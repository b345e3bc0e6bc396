"""Diffusion autoencoders: a semantic code and a stochastic one, in and out."""

from __future__ import annotations

from collections.abc import Callable

from superpose import Model, hookimpl
from superpose_diffae.model import DiffusionAutoencoder


@hookimpl
def register_models(register: Callable[[type[Model]], type[Model]]) -> None:
    """Register the diffusion autoencoder."""
    register(DiffusionAutoencoder)
