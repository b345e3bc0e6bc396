"""The sweeps that come with the recipes: their axes and every recipe of them are right."""

from pathlib import Path

import pytest

from superpose import load_sweep
from superpose.running.sweep.plan import planned

SWEEPS = sorted((Path(__file__).parents[2] / "recipes" / "sweeps").glob("*.toml"))


@pytest.mark.parametrize("path", SWEEPS, ids=lambda path: path.stem)
def test_every_recipe_of_a_sweep_is_right(path):
    assert len(planned(load_sweep(path)).jobs) > 1
