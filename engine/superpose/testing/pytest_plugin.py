"""The pytest plugin: fixtures for the tests of plugins, wherever superpose is installed.

It is light, for pytest imports it for every test suite there is: torch comes with the first fixture that needs it.
``pytest -p no:superpose`` leaves it out.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from superpose.running.job import Outcome
    from superpose.testing.predictors import GaussianPredictor, TinyPredictor


class RecipeRunner(Protocol):
    """Runs recipes: the fixture `run_recipe`."""

    def __call__(self, recipe: str | Path, *overrides: str) -> Outcome:
        """Run a recipe on the CPU, each time into a folder of its own.

        Arguments:
            recipe: Path of the file; or the recipe itself, a text of more than one line.
            overrides: Changes such as ``scheduler.steps=2``, as ``superpose run --set`` takes them.

        Returns:
            What it left: ``images`` are the paths of its images, ``sheet`` that of the contact sheet.

        Raises:
            RecipeError: If the recipe is wrong, with every mistake.
            RunError: If something fails on the way.
        """


@pytest.fixture
def tiny_predictor() -> Callable[..., TinyPredictor]:
    """Makes `TinyPredictor`: small, random and nonlinear, like a network; ``blocks`` counts the rows it was asked."""
    from superpose.testing.predictors import TinyPredictor

    return TinyPredictor


@pytest.fixture
def gaussian_predictor() -> Callable[..., GaussianPredictor]:
    """Makes `GaussianPredictor`: exact for normal images, with the flow and every answer in closed form."""
    from superpose.testing.predictors import GaussianPredictor

    return GaussianPredictor


@pytest.fixture
def run_recipe(tmp_path: Path) -> RecipeRunner:
    """Runs recipes: ``run_recipe(path, "scheduler.steps=2").images``."""
    folders: list[Path] = []

    def run_recipe(recipe: str | Path, *overrides: str) -> Outcome:
        from superpose.recipe import load, loads
        from superpose.running.series import run

        written = isinstance(recipe, str) and "\n" in recipe
        read = loads(str(recipe), overrides=overrides) if written else load(recipe, overrides)
        folders.append(tmp_path / f"run-{len(folders)}")
        return run(read, folders[-1], device="cpu")

    return run_recipe
