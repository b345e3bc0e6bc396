"""Tides: constraints and guidances that need gradients, wrappers, memory, taps or a second network, and an executor."""

from superpose import hookimpl

from superpose_tides.eddy import Eddy
from superpose_tides.moon import Moon
from superpose_tides.still_water import StillWater
from superpose_tides.swell import Swell
from superpose_tides.undertow import Undertow
from superpose_tides.waves import Waves


@hookimpl
def register_constraints(register):
    """Register the constraints."""
    register(Moon)
    register(StillWater)


@hookimpl
def register_guidances(register):
    """Register the guidances."""
    register(Eddy)
    register(Swell)
    register(Undertow)


@hookimpl
def register_executors(register):
    """Register the executor."""
    register(Waves)
