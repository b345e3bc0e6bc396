"""Rows of a forward pass, chosen by measuring: what is fastest depends on the network and on the machine.

The number is part of a recipe, for last bits depend on it; so it is chosen once, before the run, and written into the
images and beside them. Whoever replays them measures nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import attrs
import torch

from superpose.running.composition import LEAST_ROWS, compose
from superpose.running.inspection import inspect
from superpose.running.threads import threads

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.recipe import Recipe
    from superpose.running.assembly import Assembly

#: Steps that are measured at each number of rows, of which the fastest counts; one more warms up.
STEPS = 3
#: Rows of a forward pass, at most.
MOST = 512


def tuned(recipe: Recipe, device: str, told: Callable[[int, float], object] | None = None) -> Recipe:
    """The recipe with the number of rows that is fastest for its run on a device.

    Arguments:
        recipe: What is to be made.
        device: Where.
        told: Told of each number of rows that was tried, and the seconds that a sample takes with it.

    Raises:
        RecipeError: If the recipe contradicts itself.
    """
    composition = compose(attrs.evolve(recipe, run=attrs.evolve(recipe.run, batch_size=LEAST_ROWS)), device)
    samples = range(min(recipe.run.samples, recipe.run.at_once))
    best, least = LEAST_ROWS, float("inf")
    with threads(recipe.run.threads):
        for rows in candidates(inspect(recipe).rows, len(samples)):
            try:
                seconds = _of_all(composition.stages, samples, rows)
            except torch.OutOfMemoryError:
                break
            if told is not None:
                told(rows, seconds / len(samples))
            if seconds < least:
                best, least = rows, seconds
    return attrs.evolve(recipe, run=attrs.evolve(recipe.run, batch_size=best))


def candidates(rows: int, samples: int) -> Iterator[int]:
    """Numbers of rows to try: what one sample asks, doubled until all samples fit, and all at once."""
    whole, count = max(LEAST_ROWS, min(rows * samples, MOST)), max(LEAST_ROWS, rows)
    while count < whole:
        yield count
        count *= 2
    yield whole


def _of_all(stages: tuple[Assembly, ...], samples: range, rows: int) -> float:
    """Seconds that all stages take for these samples."""
    seconds, low = 0.0, None
    for stage in stages:
        seconds += _seconds(attrs.evolve(stage, batch_size=rows), samples, low)
        # What the pictures of a stage show takes no time at the next.
        low = torch.zeros(len(samples), *stage.predictor.image_shape, device=stage.predictor.device)
    return seconds


def _seconds(stage: Assembly, samples: range, low: Tensor | None) -> float:
    """Time of a stage for these samples, by its fastest step."""
    trajectory = stage.trajectory(samples, low)
    state, fastest = trajectory.start(), float("inf")
    for step in range(min(STEPS + 1, trajectory.steps)):
        _wait(stage.predictor.device)
        began = time.perf_counter()
        state = trajectory.step(state)
        _wait(stage.predictor.device)
        if step or trajectory.steps == 1:
            fastest = min(fastest, time.perf_counter() - began)
    return fastest * trajectory.steps


def _wait(device: torch.device) -> None:
    """Let a GPU finish: a clock that is read while it works tells nothing."""
    if device.type != "cpu":
        getattr(torch, device.type).synchronize()
