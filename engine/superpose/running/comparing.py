"""Densities that a recipe compares along the path, where it says nothing of them: SuperDiff's OR and AND."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from superpose.errors import RecipeError
from superpose.estimate.clip import NoClip
from superpose.estimate.process import GAUSSIAN
from superpose.estimate.superposed import AND, FLOWS, NEEDS, OR, RIGID
from superpose.sampling.transition import follows_flow, reverses

if TYPE_CHECKING:
    from superpose.recipe import Recipe, Subject
    from superpose.running.tree import Path


def incomparable(recipe: Recipe, subjects: Iterable[tuple[Path, Subject]]) -> Iterator[tuple[Path, str]]:
    """Reductions of a stage that compare densities where they can't, each at its place.

    Arguments:
        recipe: The stage.
        subjects: What it shows, and all that is inside, each with its place.
    """
    for path, subject in subjects:
        kind, place = subject.reduction, (*path, "reduction")
        if kind not in (OR, AND):
            continue
        if (process := recipe.model.process.name) != GAUSSIAN:
            yield place, f"{kind} is of Gaussian noise, and that of the model is {process}: use the mean"
            continue
        if path and kind == AND:
            yield place, f"{AND} solves for the step of the whole image: say it outermost, or use {OR} here"
        flows = kind == AND and _flows(recipe)
        if flows and not recipe.model.differentiable:
            yield place, f"{kind} {RIGID}"
        elif not flows and not _reverses(recipe):
            yield place, f"{kind} {FLOWS if kind == AND else NEEDS}"
        if kind == AND and not isinstance(recipe.clip or recipe.model.clip or NoClip(), NoClip):
            what = f"{AND} solves for a clean image that nobody changes after it"
            yield place, f'{what}: write [clip] kind = "{NoClip.kind}"'


def _reverses(recipe: Recipe) -> bool:
    """True where every step of the plan is a draw from the posterior of the process."""
    try:
        levels = recipe.scheduler.plan(recipe.model.schedule).levels
    except RecipeError:
        return True  # which is told already
    return all(reverses(recipe.scheduler.move(*step), *step) for step in pairwise(levels))


def _flows(recipe: Recipe) -> bool:
    """True where every step of the plan is Euler's along the probability flow."""
    try:
        return follows_flow(recipe.scheduler, recipe.scheduler.plan(recipe.model.schedule).levels)
    except RecipeError:
        return False
