"""Latent diffusion: Stable Diffusion, CompVis LDM, InstructPix2Pix and diffusion transformers."""

from __future__ import annotations

from collections.abc import Callable

from superpose import Model, hookimpl
from superpose_ldm.dit import DiffusionTransformer
from superpose_ldm.model import CompVis, InstructPix2Pix, StableDiffusion


@hookimpl
def register_models(register: Callable[[type[Model]], None]) -> None:
    """Register every kind of latent diffusion."""
    for kind in (StableDiffusion, CompVis, InstructPix2Pix, DiffusionTransformer):
        register(kind)
