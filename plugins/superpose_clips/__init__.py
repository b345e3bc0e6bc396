"""The ways to keep clean images in range that come with superpose."""

from __future__ import annotations

from collections.abc import Callable

from superpose import Clip, DynamicClip, NoClip, StaticClip, hookimpl


@hookimpl
def register_clips(register: Callable[[type[Clip]], type[Clip]]) -> None:
    """Register every way of clipping of this package."""
    register(StaticClip)
    register(DynamicClip)
    register(NoClip)
