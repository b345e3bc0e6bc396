"""Sounds: images that are heard as the spectrograms that they are."""

from __future__ import annotations

from collections.abc import Callable

from superpose import Medium, hookimpl
from superpose_sounds.medium import SpectrogramSound


@hookimpl
def register_media(register: Callable[[type[Medium]], type[Medium]]) -> None:
    """Register every medium of this package."""
    register(SpectrogramSound)
