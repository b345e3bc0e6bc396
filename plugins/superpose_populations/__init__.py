"""The populations: several particles a sample, of which one becomes the image."""

from __future__ import annotations

from collections.abc import Callable

from superpose import Population, hookimpl
from superpose_populations.best_of import BestOf
from superpose_populations.feynman_kac import FeynmanKac
from superpose_populations.fk_steering import FKSteering
from superpose_populations.loss_steering import LossSteering
from superpose_populations.twisted import Twisted


@hookimpl
def register_populations(register: Callable[[type[Population]], type[Population]]) -> None:
    """Register every population of this package."""
    for population in (BestOf, FeynmanKac, FKSteering, LossSteering, Twisted):
        register(population)
