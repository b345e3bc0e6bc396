"""The losses: what can be wanted of an image."""

from __future__ import annotations

from collections.abc import Callable

from superpose import Loss, hookimpl
from superpose_losses.classifier import ClassifierLoss
from superpose_losses.colour import Colour
from superpose_losses.distance import Distance
from superpose_losses.edges import Edges


@hookimpl
def register_losses(register: Callable[[type[Loss]], type[Loss]]) -> None:
    """Register every loss of this package."""
    for loss in (ClassifierLoss, Colour, Distance, Edges):
        register(loss)
