"""Contradictions inside a recipe, found before any weight is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from superpose.errors import RecipeError
from superpose.estimate.canvas import Canvas
from superpose.estimate.conditioning import misfit
from superpose.recipe.tables import STAGE_KEYS
from superpose.sampling.fitting import refused

if TYPE_CHECKING:
    from superpose.estimate.guidance import Guidance
    from superpose.estimate.model import Model
    from superpose.recipe import Recipe, Subject
    from superpose.running.tree import Path


def contradictions(recipe: Recipe) -> list[tuple[Path, str]]:
    """All that contradicts itself in a recipe, as (place, what is wrong with the cure)."""
    found: list[tuple[Path, str]] = []
    for number, model in enumerate((recipe.model, *(stage.model for stage in recipe.stage))):
        found += ((place_of(number, ("model", *path)), why) for path, why in _unusable(model, number))
    if found:
        return found
    for number, stage in enumerate(recipe.stages):
        for path, why in _of_stage(stage):
            place = place_of(number, path, recipe)
            if (place, why) not in found:
                found.append((place, _said_once(number, path, why) if number and place == path else why))
    return found


def place_of(number: int, path: Path, recipe: Recipe | None = None) -> Path:
    """Where the recipe says what a stage says at ``path``: subject and constraints are said once for all stages."""
    if recipe is not None and path[:1] == ("constraint",):
        return recipe.constraints(number)[int(path[1])][0]
    return ("stage", number - 1, *path) if number and path and path[0] in STAGE_KEYS else path


def _said_once(number: int, path: Path, why: str) -> str:
    """What is wrong with what is said once for all stages, with the stage that it fails at."""
    cure = "; write guidance_stages beside it, with the numbers of the stages where it holds"
    return f"at stage {number}, {why}" + cure * (path[-1:] == ("guidance",))


def _unusable(model: Model, number: int) -> Iterator[tuple[Path, str]]:
    try:
        _ = model.shape, model.image_shape, model.schedule, model.clip, model.learned_variance  # some read a file
        model.check_files()
    except RecipeError as error:
        yield (), str(error)
        return
    if (channels := model.image_shape[0]) not in (1, 3):
        yield (), f"it makes pictures of {channels} channels: files of images have 1 or 3"
    if number and not model.upscales:
        yield (
            (),
            f"{model.kind} paints from noise alone: a [[stage]] needs a model that enlarges pictures",
        )
    if not number and model.upscales:
        yield (), f"{model.kind} enlarges pictures of a stage before: it belongs into a [[stage]], after a first model"


def _of_stage(recipe: Recipe) -> Iterator[tuple[Path, str]]:
    if recipe.guidance is not None and (why := recipe.guidance.refuses(recipe.model)):
        yield ("guidance",), why
    yield from _misfits(recipe.subject, recipe.model, (), recipe.guidance)
    try:
        recipe.scheduler.plan(recipe.model.schedule)
    except RecipeError as error:
        yield ("scheduler",), str(error)
    learned = recipe.model.learned_variance
    if learned is not None and (why := recipe.scheduler.refuses(learned)):
        yield ("scheduler",), why
    canvas = Canvas(recipe.model.shape, image_shape=recipe.model.image_shape)
    for i, constraint in enumerate(recipe.constraint):
        path = ("constraint", i)
        if why := refused(recipe.scheduler, constraint, differentiable=recipe.model.differentiable):
            yield path, why
        try:
            constraint.check(canvas)
        except RecipeError as error:
            yield path, str(error)


def _misfits(subject: Subject, model: Model, path: Path, guidance: Guidance | None) -> Iterator[tuple[Path, str]]:
    if subject.guidance is not None and (why := subject.guidance.refuses(model)):
        yield (*path, "guidance"), why
    guidance = subject.guidance or guidance
    if subject.negative is not None and guidance is None:
        yield (*path, "negative"), 'a negative prompt says nothing without guidance: add [guidance] with kind = "cfg"'
    for key in ("prompt", "negative"):
        prompt = getattr(subject, key)
        if prompt is not None:
            try:
                model.check_prompt(prompt)
                if guidance is not None and key == "prompt":
                    guidance.check_prompt(prompt)
            except RecipeError as error:
                yield (*path, key), str(error)
    for i, term in enumerate(subject.view):
        if why := term.view.refuses(*model.shape) or misfit(term.view, model.shape, model.concat_conditioning):
            yield (*path, "view", i), why
        yield from _misfits(term.subject, model, (*path, "view", i), guidance)
    if subject.decomposition is not None:
        mine = (*path, "decomposition")
        if why := subject.decomposition.decomposition.refuses(*model.shape):
            yield mine, why
        for name, part in subject.decomposition.parts:
            yield from _misfits(part, model, (*mine, name), guidance)
