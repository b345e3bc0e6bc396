"""Latent diffusion: Stable Diffusion, CompVis LDM and InstructPix2Pix.

Plugins with latents of their own build on the names here, which bring torch when they are first used.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from superpose import Model, hookimpl
from superpose_ldm.model import CompVis, InstructPix2Pix, StableDiffusion

if TYPE_CHECKING:
    from superpose_ldm.checkpoint import Checkpoint as Checkpoint
    from superpose_ldm.conditioning import Words as Words
    from superpose_ldm.files import Files as Files
    from superpose_ldm.folder import read_folder as read_folder
    from superpose_ldm.predictor import latent_predictor as latent_predictor

_LATER = {
    "Checkpoint": "checkpoint",
    "Files": "files",
    "Words": "conditioning",
    "latent_predictor": "predictor",
    "read_folder": "folder",
}


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"superpose_ldm has no public name {name!r}")
    return getattr(import_module(f"superpose_ldm.{_LATER[name]}"), name)


@hookimpl
def register_models(register: Callable[[type[Model]], None]) -> None:
    """Register every kind of latent diffusion."""
    for kind in (StableDiffusion, CompVis, InstructPix2Pix):
        register(kind)
