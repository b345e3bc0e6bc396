"""A bridge that makes any denoiser of diffusers a noise predictor."""

from __future__ import annotations

from collections.abc import Callable

from superpose import hookimpl
from superpose_diffusers.model import Diffusers


@hookimpl
def register_models(register: Callable[[type], None]) -> None:
    """Register the bridge."""
    register(Diffusers)
