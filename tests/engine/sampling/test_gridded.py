"""Schedulers on a named grid: their options are the grid's, and the number of their steps is known before."""

import attrs
import pytest

from superpose import Gridded, RecipeError, TableSchedule, make
from superpose.levels.grids import plan_of

LINEAR = TableSchedule.named("linear")


@attrs.frozen(kw_only=True)
class Still(Gridded):
    """Goes nowhere."""

    kind = "still"

    def step(self, denoise, x, here, there, state, noise, jumped):
        return x, state


@pytest.mark.parametrize(
    "options",
    [
        {"steps": 7},
        {"steps": 7, "grid": "leading", "offset": 1},
        {"steps": 7, "grid": "karras", "rho": 5.0},
        {"steps": 7, "final": "first"},
        {"timesteps": (900, 500.5, 3)},
        {"grid": "openai", "sections": (3, 4)},
    ],
)
def test_the_plan_is_that_of_the_grid(options):
    still = Still(**options)
    own = {"grid": "trailing", "steps": still.steps} | options
    plan = still.plan(LINEAR)
    assert plan == plan_of(LINEAR, own.pop("grid"), own.pop("steps"), **own)
    assert plan.steps == still.planned


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"steps": 0}, "at least 1"),
        ({"rho": 0}, "more than 0"),
        ({"grid": "even"}, "must be one of"),
        ({"offset": -1}, "at least 0"),
    ],
)
def test_what_is_no_grid(options, says):
    with pytest.raises((ValueError, RecipeError), match=says):
        Still(**options)
    with pytest.raises(RecipeError, match=says):
        make("scheduler", "ddim", **options)
