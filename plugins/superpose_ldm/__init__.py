"""Latent diffusion: Stable Diffusion, CompVis LDM and InstructPix2Pix."""

from __future__ import annotations

from collections.abc import Callable

from superpose import Model, hookimpl
from superpose_ldm.model import CompVis, InstructPix2Pix, StableDiffusion


@hookimpl
def register_models(register: Callable[[type[Model]], None]) -> None:
    """Register every kind of latent diffusion."""
    for kind in (StableDiffusion, CompVis, InstructPix2Pix):
        register(kind)
