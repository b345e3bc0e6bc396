"""The renderers: what an optimised image can be drawn with. Light to import: none brings torch."""

from __future__ import annotations

from collections.abc import Callable

from superpose import Renderer, hookimpl
from superpose_renderers.fourier_features import FourierFeatures
from superpose_renderers.pixels import Pixels


@hookimpl
def register_renderers(register: Callable[[type[Renderer]], type[Renderer]]) -> None:
    """Register every renderer of this package."""
    for renderer in (Pixels, FourierFeatures):
        register(renderer)
