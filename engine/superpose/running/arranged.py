"""Arrangements in a recipe: where they are out of place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from superpose.estimate.arrangement import Arrangement
from superpose.estimate.staggered import ALL
from superpose.plugins import load_plugins
from superpose.sampling.optimiser import Optimiser

if TYPE_CHECKING:
    from superpose.recipe import Recipe, Subject
    from superpose.running.tree import Path


def out_of_place(recipe: Recipe, subjects: Iterable[tuple[Path, Subject]]) -> Iterator[tuple[Path, str]]:
    """Arrangements that nobody can follow, or that look at something else than the pictures of a sample.

    Arguments:
        recipe: One stage.
        subjects: All that is inside what it shows, each with its place.
    """
    for path, subject in subjects:
        arranged = any(isinstance(term.view, Arrangement) for term in subject.view)
        if arranged and subject.reduction not in (None, "mean", "alternate"):
            why = f"{subject.reduction} mixes what views say of noisy states, and arrangements say nothing of these"
            yield (*path, "reduction"), f"{why}: use mean or alternate"
        for i, term in enumerate(subject.view):
            if arranged and term.span != ALL:
                yield (*path, "view", i), "beside an arrangement views have no start and stop: leave these out"
            if not isinstance(term.view, Arrangement):
                continue
            name = f"{term.view.kind} is no linear map"
            if not isinstance(recipe.scheduler, Optimiser):
                fit = ", ".join(load_plugins().fitting("scheduler", lambda it: isinstance(it, Optimiser)))
                cure = f"use one that moves clean images by gradient steps: {fit}"
                yield (*path, "view", i), f"{name}, and {recipe.scheduler.kind} moves noisy states: {cure}"
            if path:
                yield (
                    (*path, "view", i),
                    f"{name}, and is looked at from outside: write it in a [[view]] of the recipe itself",
                )
            if recipe.model.shape != recipe.model.image_shape:
                cure = "use a model of pixels"
                yield (*path, "view", i), f"{name} of latents, and {recipe.model.kind} paints these: {cure}"
