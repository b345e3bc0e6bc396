"""Tides: constraints and guidances for superpose that need gradients, wrappers, memory or a second network."""

from superpose import hookimpl

from superpose_tides.moon import Moon
from superpose_tides.still_water import StillWater
from superpose_tides.swell import Swell
from superpose_tides.undertow import Undertow


@hookimpl
def register_constraints(register):
    """Register the constraints."""
    register(Moon)
    register(StillWater)


@hookimpl
def register_guidances(register):
    """Register the guidances."""
    register(Swell)
    register(Undertow)
