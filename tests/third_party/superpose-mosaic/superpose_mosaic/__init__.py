"""Mosaics for superpose: a process that hides tiles instead of adding noise, a model and a scheduler."""

from superpose import hookimpl

from superpose_mosaic.model import Mosaic
from superpose_mosaic.scheduler import Unmask


@hookimpl
def register_models(register):
    """Register the model."""
    register(Mosaic)


@hookimpl
def register_schedulers(register):
    """Register the scheduler."""
    register(Unmask)
