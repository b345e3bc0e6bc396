"""Contradictions inside a recipe, found before any weight is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import attrs

from superpose.errors import RecipeError
from superpose.estimate.canvas import Canvas
from superpose.estimate.composed import left_over
from superpose.estimate.conditioning import misfit, moves_values
from superpose.estimate.guidance import Guidance
from superpose.estimate.on_canvas import misshapen
from superpose.estimate.problem import problems_of
from superpose.estimate.process import GAUSSIAN
from superpose.estimate.shares import shown_shape
from superpose.estimate.tensors import picture_shape
from superpose.media.images import read_image
from superpose.media.sheet import readings
from superpose.plugins import load_plugins
from superpose.recipe.patterns import several
from superpose.recipe.subject import inside
from superpose.recipe.tables import STAGE_KEYS
from superpose.running.arranged import out_of_place
from superpose.running.comparing import incomparable
from superpose.running.painted_on import off_canvas
from superpose.running.several import SHARED, members_of
from superpose.sampling.fitting import refused

if TYPE_CHECKING:
    import pathlib

    from superpose.estimate.model import Model
    from superpose.estimate.problem import Problem
    from superpose.estimate.process import Process
    from superpose.estimate.tensors import Shape
    from superpose.kinds.kind import Kind
    from superpose.media.fit import Fit
    from superpose.recipe import Recipe, Subject
    from superpose.running.tree import Path
    from superpose.sampling.population import Population


def contradictions(recipe: Recipe) -> list[tuple[Path, str]]:
    """All that contradicts itself in a recipe, as (place, what is wrong with the cure).

    One that names several files is looked at with each of them.
    """
    if not several(recipe):
        return _contradictions(recipe)
    try:
        with members_of(recipe) as found:
            first, *others = (member.recipe for member in found.members)
            more = (each for other in others for each in _of_another_file(other, first))
            return [*dict.fromkeys((*_contradictions(first), *more))]
    except RecipeError as error:
        return [((), str(error))]


def _contradictions(recipe: Recipe) -> list[tuple[Path, str]]:
    found: list[tuple[Path, str]] = []
    for number, model in enumerate((recipe.model, *(stage.model for stage in recipe.stage))):
        found += ((place_of(number, ("model", *path)), why) for path, why in _unusable(model, number))
    found += _strangers(recipe)
    found += ((("canvas",), why) for why in off_canvas(recipe) if not found)
    if recipe.run.compile and recipe.run.offload != "none":
        why = "networks that take turns would be compiled again at every turn: leave out this, or offload"
        found.append((("run", "compile"), why))
    if recipe.stage:
        cure = "leave out [[stage]], or keep a part of the image with a constraint"
        why = f"an image that is given has one size, and the stages have several: {cure}"
        found += ((path, why) for path, _ in recipe.subject.images())
    if recipe.medium is not None:
        found += _at(
            ("medium",), problems_of(recipe.medium.problems, (recipe.stage or (recipe,))[-1].model.image_shape)
        )
    if recipe.run.noise == SHARED:
        why = "shared noise is of runs over several files, and this recipe names one at most"
        found.append((("run", "noise"), f'{why}: write a pattern such as image = "frames/*.png", or leave it out'))
    if found:
        return found
    for number, stage in enumerate(recipe.stages):
        for path, why in _of_stage(stage):
            place = place_of(number, path, recipe)
            if (place, why) not in found:
                found.append((place, _said_once(number, path, why) if number and place == path else why))
    return found or list(_unreadable(recipe))


def _unreadable(recipe: Recipe) -> Iterator[tuple[Path, str]]:
    """Readings that the model of a stage knows it can't show in one image."""
    if recipe.models:  # which paint some readings in its place
        return
    for number, stage in enumerate(recipe.stages):
        found = problems_of(stage.model.readings_problems, readings(stage.subject))
        yield from ((place_of(number, path), why) for path, why in _at(("model",), found))


def _of_another_file(recipe: Recipe, first: Recipe) -> Iterable[tuple[Path, str]]:
    """What contradicts itself in a recipe that differs from ``first`` in a file; what is alike was looked at there."""
    if recipe.stage or (recipe.model, recipe.models) != (first.model, first.models):
        return _contradictions(recipe)
    given = recipe.subject.images()
    images = ((place, it.image, it.fits) for place, it in given if it.image is not None)
    unlike = (each for place, image, fit in images for each in _unlike(image, fit, recipe.model, place))
    return (*_of_constraints(recipe), *unlike)


def place_of(number: int, path: Path, recipe: Recipe | None = None) -> Path:
    """Path in the recipe of a stage's ``path``: subject and constraints are said once for all stages."""
    if recipe is not None and path[:1] == ("constraint",):
        return recipe.constraints(number)[int(path[1])][0]
    return ("stage", number - 1, *path) if number and path and path[0] in STAGE_KEYS else path


def _at(path: Path, problems: Iterable[Problem]) -> Iterator[tuple[Path, str]]:
    """Problems of the kind at ``path``, each at the place of its option."""
    return (((*path, *problem.option), str(problem)) for problem in problems)


def _said_once(number: int, path: Path, why: str) -> str:
    """Problems of what is said once for all stages, with the stage that it fails at."""
    cure = "; write guidance_stages beside it, with the numbers of the stages where it holds"
    of_guidance = "guidance" in path and path[0] != "constraint"
    return f"at stage {number}, {why}" + cure * of_guidance


def _unusable(model: Model, number: int) -> Iterator[tuple[Path, str]]:
    try:
        _ = model.shape, model.image_shape, model.schedule, model.clip, model.learned_variance  # some read a file
    except RecipeError as error:
        yield (), str(error)
        return
    if found := problems_of(model.problems):
        yield from _at((), found)
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


def _strangers(recipe: Recipe) -> Iterator[tuple[Path, str]]:
    """Problems that keep further networks from painting on the canvas of the first."""
    first = recipe.model
    for name, model in recipe.models:
        place = "models", name
        if recipe.stage:
            yield place, "a stage is painted by its own network alone, and so is the first: leave out [[stage]] or this"
        if found := [((*place, *path), why) for path, why in _unusable(model, 0)]:
            yield from found
        elif (model.shape, model.image_shape) != (first.shape, first.image_shape):
            canvas = f"{first.kind}, the model of the canvas, {_size(first)}"
            yield place, f"{model.kind} paints {_size(model)}, and {canvas}: take one that paints the same"
        elif model.process.name != first.process.name or (
            model.schedule != first.schedule and not first.process.continuous
        ):
            yield place, f"the noise of {model.kind} is not that of {first.kind}: take one of the same process"
        elif seeing := next((it for it in (first, model) if it.has_concat_conditioning), None):
            yield place, f"{seeing.kind} sees more than the state, and networks on one canvas see the state alone"


def _size(model: Model) -> str:
    states, pictures = (f"{channels}x{height}x{width}" for channels, height, width in (model.shape, model.image_shape))
    return f"pictures of {pictures}" + f" in latents of {states}" * (states != pictures)


def _taking_turns(subject: Subject, scheduler: str, path: Path) -> Iterator[tuple[Path, str]]:
    """Views that take turns, of which a scheduler with a history would mix what different ones said."""
    if subject.reduction == "alternate":
        why = f"{scheduler} as set here goes by the steps before, in which another view had its turn"
        yield (*path, "reduction"), f"{why}: use a single-step scheduler, or the mean"
    for place, inner in subject.placed:
        yield from _taking_turns(inner, scheduler, (*path, *place))


def _of_another_process(recipe: Recipe) -> Iterator[tuple[Path, str]]:
    """The kinds that are not for the noise of the model, each by its name, with those that are."""
    process = recipe.model.process
    parts: list[tuple[Path, object]] = [(("scheduler",), recipe.scheduler), (("guidance",), recipe.guidance)]
    parts += [
        (("clip",), recipe.clip),
        (("population",), recipe.population),
        *((("constraint", i), it) for i, it in enumerate(recipe.constraint)),
    ]
    parts += [((*path, "guidance"), subject.guidance) for path, subject in _all_subjects(recipe.subject)]
    for path, part in parts:
        yield from ((path, why) for kind in inside(part) if (why := refuses_process(kind, process)))
    if process.name != GAUSSIAN:
        for path, subject in _all_subjects(recipe.subject):
            if subject.compose is not None:
                why = f"AND and NOT are of Gaussian noise, and that of the model is {process.name}"
                yield (*path, "compose"), f"{why}: show one prompt, views or parts"
    if not process.continuous:
        for path, subject in _all_subjects(recipe.subject):
            for i, term in enumerate(subject.view):
                if not moves_values(term.view, recipe.model.shape, recipe.model.shape[0]):
                    why = f"the values of {process.name} states can't be mixed, and {term.view.kind} changes values"
                    yield (*path, "view", i), f"{why}: use a view that moves them, such as one by quarters of a turn"


def refuses_process(kind: Kind, process: Process) -> str | None:
    """Why a kind is not right for the noise of a process, with the kinds of its role that are; None where it is."""
    if _is_for(kind, process):
        return None
    fits = [name for name, it in load_plugins().kinds(kind.role).items() if _is_for(it, process)]
    cure = f"use {' or '.join(fits)}" if fits else f"no {kind.role} that is installed is for that"
    own = " or ".join(sorted(kind.processes or ()))
    return f"{kind.kind} is for {own} noise, and that of the model is {process.name}: {cure}"


def _is_for(kind: Kind | type[Kind], process: Process) -> bool:
    return kind.processes is None or process.name in kind.processes


def _all_subjects(subject: Subject, path: Path = ()) -> Iterator[tuple[Path, Subject]]:
    yield path, subject
    for place, inner in subject.placed:
        yield from _all_subjects(inner, (*path, *place))


def _of_stage(recipe: Recipe) -> Iterator[tuple[Path, str]]:
    yield from _of_another_process(recipe)
    if recipe.guidance is not None:
        yield from _at(("guidance",), problems_of(recipe.guidance.problems, recipe.model))
    guidances = [((), recipe.guidance), *((path, subject.guidance) for path, subject in _all_subjects(recipe.subject))]
    for path, guidance in guidances:
        for kind in inside(guidance):
            if isinstance(kind, Guidance) and (why := refused(recipe.scheduler, kind)):
                yield (*path, "guidance"), why
    yield from _misfits(recipe.subject, dict(recipe.models), (), _Outer(recipe.model, recipe.guidance, recipe.shape))
    try:
        recipe.scheduler.plan(recipe.model.schedule)
    except RecipeError as error:
        yield ("scheduler",), str(error)
    yield from incomparable(recipe, _all_subjects(recipe.subject))
    if not recipe.scheduler.single_step:
        yield from _taking_turns(recipe.subject, recipe.scheduler.kind, ())
    yield from out_of_place(recipe, _all_subjects(recipe.subject))
    learned = recipe.model.learned_variance
    if learned is not None:
        yield from _at(("scheduler",), problems_of(recipe.scheduler.problems, learned))
    count = 1 if recipe.canvas is None else recipe.canvas.count
    canvas = Canvas(recipe.shape, image_shape=recipe.image_shape, count=count)
    yield from _at(("scheduler",), problems_of(recipe.scheduler.canvas_problems, canvas))
    yield from _of_constraints(recipe)
    if recipe.population is not None:
        yield from _unweighed(recipe, recipe.population)


def _of_constraints(recipe: Recipe) -> Iterator[tuple[Path, str]]:
    canvas = Canvas(recipe.shape, image_shape=recipe.image_shape)
    for i, constraint in enumerate(recipe.constraint):
        path = ("constraint", i)
        if why := refused(recipe.scheduler, constraint, differentiable=recipe.model.differentiable):
            yield path, why
        yield from _at(path, problems_of(constraint.problems, canvas))


def _unweighed(recipe: Recipe, population: Population) -> Iterator[tuple[Path, str]]:
    """Problems of a population with what it is to weigh."""
    path = ("population",)
    if why := refused(recipe.scheduler, population, differentiable=recipe.model.differentiable):
        yield path, why
    prompts = tuple(reading.prompt for reading in readings(recipe.subject) if reading.prompt is not None)
    yield from _at(path, problems_of(population.problems, recipe.model, prompts))


@attrs.frozen
class _Outer:
    """Inheritance of a subject from further out: the network that paints it, and what that is guided by.

    Attributes:
        model: The network.
        guidance: The guidance; None for none.
        shape: (C, H, W) of the images that it is shown.
        negative: The negative prompt; None for that which says nothing.
    """

    model: Model
    guidance: Guidance | None
    shape: Shape
    negative: str | None = None

    def within(self, subject: Subject, models: Mapping[str, Model]) -> _Outer:
        """The same for what is inside a subject."""
        return _Outer(
            self.model if subject.model is None else models[subject.model],
            subject.guidance or self.guidance,
            self.shape,
            self.negative if subject.negative is None else subject.negative,
        )


def _misfits(
    subject: Subject, models: Mapping[str, Model], path: Path, further_out: _Outer
) -> Iterator[tuple[Path, str]]:
    outer = further_out.within(subject, models)
    model, guidance = outer.model, outer.guidance
    if subject.guidance is not None:
        yield from _at((*path, "guidance"), problems_of(subject.guidance.problems, model))
    if subject.model is not None:
        yield from _inherited(subject, model, (*path, "model"), further_out)
    if subject.negative is not None and not subject.hears(guidance is not None):
        fit = ", ".join(load_plugins().fitting("guidance", lambda it: it.negates))
        yield (*path, "negative"), f"a negative prompt says nothing without guidance: add [guidance], one of {fit}"
    for place, prompt in subject.own_prompts():
        found = problems_of(model.prompt_problems, prompt)
        if not found and guidance is not None and place != ("negative",):
            found = problems_of(guidance.prompt_problems, prompt)
        yield from (((*path, *place), str(problem)) for problem in found)
    if subject.is_between and model.interpolation is None:
        cure = "take a model whose prompts are encoded, or a [compose] of both prompts"
        yield (*path, "interpolate"), f"{model.kind} tells its network prompts between which there is nothing: {cure}"
    if subject.image is not None:
        yield from _unlike(subject.image, subject.fits, model, (*path, "image"), outer.shape)
    elif not subject.placed and outer.shape != model.shape:
        yield (*path, "prompt"), misshapen(model.shape, outer.shape)
    misfitting = list(_misfitting(subject, model, path, outer))
    yield from misfitting
    for place, inner in subject.placed:
        # Where something does not fit, nothing is known of the size that is shown inside.
        shape = model.shape if misfitting else _shown(subject, place, outer.shape)
        yield from _misfits(inner, models, (*path, *place), attrs.evolve(outer, shape=shape))


def _shown(subject: Subject, place: Path, shape: Shape) -> Shape:
    """(C, H, W) of what a subject inside is shown of images of ``shape``."""
    if place[0] != "view":
        return shape
    return shown_shape(subject.view[int(place[1])].view.windows(shape)[0], shape)


def _unlike(
    image: pathlib.Path, fit: Fit, model: Model, path: Path, shape: Shape | None = None
) -> Iterator[tuple[Path, str]]:
    """An image that can't be what the model would have painted."""
    if model.process.name != GAUSSIAN:
        yield path, f"an image can be given in Gaussian noise alone, and that of the model is {model.process.name}"
    try:
        read_image(image, picture_shape(shape or model.shape, model.shape, model.image_shape), fit=fit)
    except RecipeError as error:
        yield path, str(error)


def _misfitting(subject: Subject, model: Model, path: Path, outer: _Outer) -> Iterator[tuple[Path, str]]:
    """Views, a decomposition or a composition, as far as it is no matter of what is inside."""
    for i, term in enumerate(subject.view):
        if found := problems_of(term.view.problems, outer.shape):
            yield from _at((*path, "view", i), found)
        elif why := misfit(term.view, outer.shape, model.concat_conditioning):
            yield (*path, "view", i), why
    if subject.decomposition is not None:
        parts = subject.decomposition.decomposition
        yield from _at((*path, "decomposition"), problems_of(parts.problems, outer.shape))
    if subject.compose is not None and outer.negative is None and left_over(subject.compose.weights):
        yield from _without_a_prompt(model, (*path, "compose"))


def _without_a_prompt(model: Model, path: Path) -> Iterator[tuple[Path, str]]:
    for problem in problems_of(model.prompt_problems, model.unconditional):
        cure = "give a negative prompt to start from, or weights whose sum, those of `not` taken off, is 1"
        yield path, f"a composition starts from what the network says without a prompt, and {problem}: {cure}"


def _inherited(subject: Subject, model: Model, path: Path, further_out: _Outer) -> Iterator[tuple[Path, str]]:
    """Inheritance of another network, which does not hold for that of a subject."""
    guidance, negative = further_out.guidance, further_out.negative
    if subject.guidance is None and guidance is not None:
        for problem in problems_of(guidance.problems, model):
            cure = "; or give this subject its own guidance"
            yield path, f"the guidance further out is not for {model.kind}: {problem}{cure}"
    if subject.negative is None and negative is not None:
        for problem in problems_of(model.prompt_problems, negative):
            cure = "; give this subject a negative prompt of its own"
            yield path, f"the negative prompt further out is none of {model.kind}: {problem}{cure}"
