"""DeepFloyd-style cascades in pixels: text to small images, small images to large ones."""

from __future__ import annotations

from collections.abc import Callable

from superpose import hookimpl
from superpose_deepfloyd.model import DeepFloyd, Upscaler


@hookimpl
def register_models(register: Callable[[type], None]) -> None:
    """Register the stages."""
    register(DeepFloyd)
    register(Upscaler)
