"""Toyland: a model family whose every answer is exact, and a guidance, for superpose."""

from superpose import hookimpl

from superpose_toyland.middle import Middle
from superpose_toyland.model import Toyland


@hookimpl
def register_models(register):
    """Register the model."""
    register(Toyland)


@hookimpl
def register_guidances(register):
    """Register the guidance."""
    register(Middle)
