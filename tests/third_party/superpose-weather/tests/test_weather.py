"""The laws, and what the laws don't say: that the kinds do what their manual pages promise."""

import pytest
import torch
from superpose import Canvas, NoiseLevel
from superpose.testing import (
    check_constraint,
    check_decomposition,
    check_import_time,
    check_operator,
    check_renderer,
    check_view,
    report,
)

from superpose_weather.almanac import Almanac
from superpose_weather.daylight import Daylight
from superpose_weather.drizzle import Drizzle
from superpose_weather.fog import Fog
from superpose_weather.horizon import Horizon
from superpose_weather.layers import Layers
from superpose_weather.overcast import Overcast
from superpose_weather.rain import Rain
from superpose_weather.sunshine import Sunshine


@pytest.mark.parametrize("kind", [Rain, Horizon, Layers, Fog, Drizzle, Daylight, Sunshine, Overcast, Almanac])
def test_every_law_holds_in_every_variant(kind):
    broken = [str(line) for line in report(kind) if line.status != "ok"]
    assert not broken, "\n".join(broken)


def test_the_laws_at_a_size_that_nobody_uses():
    check_view(Rain(seed=3), 2, 7, 11)
    check_decomposition(Horizon(height=0.3), 2, 7, 11)
    check_operator(Fog(density=1.0), 2, 7, 11)
    check_renderer(Drizzle(drops=3), 2, 7, 11)
    check_constraint(Daylight(level=0.5), Canvas((2, 7, 11)))


def test_the_plugin_is_light():
    check_import_time("superpose_weather")


def test_rain_moves_pixels_within_their_columns():
    image = torch.arange(12.0).view(1, 1, 4, 3)
    wet = Rain().apply(image)
    assert wet.sort(-2).values.equal(image), wet
    assert not wet.equal(image)


def test_the_sky_is_above():
    sky, ground = Horizon(haze=0.05).split(torch.ones(1, 1, 10, 1))
    assert sky.flatten().tolist() == [1] * 5 + [0] * 5
    assert ground.flatten().tolist() == [0] * 5 + [1] * 5


def test_fog_is_thickest_far_up():
    seen = Fog(density=2.0).bound_to((1, 2, 1)).apply(torch.ones(1, 1, 2, 1))
    assert seen.flatten().tolist() == pytest.approx([2.71828**-1.5, 2.71828**-0.5], abs=1e-5)


def test_daylight_sets_the_mean_of_each_image():
    dark = torch.rand((3, 3, 4, 4), generator=torch.Generator().manual_seed(0)) - 1
    edit = Daylight(level=0.25).on_clean(dark, NoiseLevel(0, 0.0, 1.0, 0.0))
    assert edit.value.mean((1, 2, 3)).tolist() == pytest.approx([0.25] * 3, abs=1e-6)
    assert not edit.jumped
