"""Dusk: a classifier of day and night, and a clipping that keeps hues, for superpose."""

from superpose import hookimpl

from superpose_dusk.hours import Hours
from superpose_dusk.hue import Hue


@hookimpl
def register_classifiers(register):
    """Register the classifier."""
    register(Hours)


@hookimpl
def register_clips(register):
    """Register the clipping."""
    register(Hue)
