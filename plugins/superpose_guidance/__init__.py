"""The guidance rules: how a prompt becomes a denoiser."""

from __future__ import annotations

from collections.abc import Callable

from superpose import Guidance, hookimpl
from superpose_guidance.apg import AdaptiveProjected
from superpose_guidance.autoguidance import Autoguidance
from superpose_guidance.cfg import ClassifierFree
from superpose_guidance.classifier import ClassifierGuidance
from superpose_guidance.dual import Dual
from superpose_guidance.interval import Interval


@hookimpl
def register_guidances(register: Callable[[type[Guidance]], type[Guidance]]) -> None:
    """Register every guidance of this package."""
    register(AdaptiveProjected)
    register(Autoguidance)
    register(ClassifierFree)
    register(ClassifierGuidance)
    register(Dual)
    register(Interval)
