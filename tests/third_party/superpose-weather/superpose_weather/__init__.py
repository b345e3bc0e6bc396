"""Weather: a view, decompositions, an operator, a renderer, a loss, constraint, population and medium for superpose."""

from superpose import hookimpl

from superpose_weather.almanac import Almanac
from superpose_weather.daylight import Daylight
from superpose_weather.drizzle import Drizzle
from superpose_weather.fog import Fog
from superpose_weather.horizon import Horizon
from superpose_weather.layers import Layers
from superpose_weather.overcast import Overcast
from superpose_weather.rain import Rain
from superpose_weather.sunshine import Sunshine


@hookimpl
def register_views(register):
    """Register the view."""
    register(Rain)


@hookimpl
def register_decompositions(register):
    """Register the decompositions."""
    register(Horizon)
    register(Layers)


@hookimpl
def register_operators(register):
    """Register the operator."""
    register(Fog)


@hookimpl
def register_renderers(register):
    """Register the renderer."""
    register(Drizzle)


@hookimpl
def register_losses(register):
    """Register the loss."""
    register(Overcast)


@hookimpl
def register_constraints(register):
    """Register the constraint."""
    register(Daylight)


@hookimpl
def register_populations(register):
    """Register the population."""
    register(Sunshine)


@hookimpl
def register_media(register):
    """Register the medium."""
    register(Almanac)
