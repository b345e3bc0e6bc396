"""From a recipe to something that samples: the tree of denoisers, the plan, the constraints.

`inspect` does all of it on a stand-in that has read no weights, so that contradictions are found in a moment and the
network's rows are counted by asking for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import attrs
import torch

from superpose.answer import Answerer
from superpose.blame import article, blamed, must_be_images
from superpose.classifier import ClassifierPredictor
from superpose.clip import Clip, Clipped, NoClip
from superpose.conditioning import misfit
from superpose.constraint import Canvas, Constraint
from superpose.denoiser import TOLERANCE, Denoiser, Prompted, Shape, factorized, viewed
from superpose.errors import LawError, PromptError, RecipeError
from superpose.lawful import departure, unchanged, unlawful
from superpose.noise import Noise
from superpose.prediction import Prediction
from superpose.predictor import Beside, Condition, NoisePredictor
from superpose.recipe.problems import MistakesError
from superpose.recipe.tables import STAGE_KEYS
from superpose.rehearsal import SameNoise, rehearsed
from superpose.sampling import Trajectory, fitted, laid_beside, refused, undone

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.classifier import Classifier
    from superpose.guidance import Guidance
    from superpose.models import Model
    from superpose.recipe import Recipe, Subject
    from superpose.schedule import Moment
    from superpose.scheduler.base import Plan
    from superpose.view import View

Path = tuple[str | int, ...]

#: Rows of a forward pass where the recipe leaves them open and one sample needs fewer: below, a small network on a
#: CPU spends its time on overhead (one row takes half as long as four).
LEAST_ROWS = 4
#: Levels of a plan at which the law is probed, at most.
PROBES = 32


@attrs.frozen(eq=False)
class Composition:
    """A recipe with its weights read, ready to sample.

    Attributes:
        recipe: What it was made from; of several stages, the part that is this one's.
        predictor: The network.
        denoiser: What the image shows.
        plan: The levels visited.
        constraints: Bound to the model's size and device.
        rows: Rows of a forward pass.
        number: Which stage it is, from 0.
        then: The stage that paints over its pictures; None for the last.
    """

    recipe: Recipe
    predictor: NoisePredictor
    denoiser: Denoiser
    plan: Plan
    constraints: tuple[Constraint, ...]
    rows: int
    number: int = 0
    then: Composition | None = None

    @property
    def stages(self) -> tuple[Composition, ...]:
        """This stage and those that follow, in order."""
        return (self, *(self.then.stages if self.then else ()))

    def trajectory(self, samples: Sequence[int], low: Tensor | None = None) -> Trajectory:
        """The run of the samples with these numbers; sample k is the same in every run that has it.

        Arguments:
            samples: Their numbers.
            low: Their pictures at the stage before, where there was one.
        """
        noise = Noise(self.recipe.run.seed, tuple(samples), self.predictor.shape, self.predictor.device, self.number)
        beside = laid_beside(self.predictor, noise, low)
        return Trajectory(
            self.denoiser, self.recipe.scheduler, self.plan, noise, self.constraints, self.rows, self.predictor, beside
        )


@attrs.frozen
class Inspection:
    """What can be said of a recipe before any weight is read.

    Attributes:
        rows: Network rows of one sample and one forward pass, duplicates removed; the most that any level asks.
        evaluations: Forward passes of the network for one sample in the whole run, those of inversion included.
        total: Network rows of all of them.
        judged: Rows of a classifier, forth and back, beside an evaluation; the most that any level asks.
        then: The same of the stage that follows; None for the last.
    """

    rows: int
    evaluations: int
    total: int
    judged: int = 0
    then: Inspection | None = None

    @property
    def stages(self) -> tuple[Inspection, ...]:
        """This stage and those that follow, in order."""
        return (self, *(self.then.stages if self.then else ()))


def compose(recipe: Recipe, device: str = "cpu") -> Composition:
    """Read the weights and put everything together.

    Arguments:
        recipe: What to make.
        device: Where to run: a torch device.

    Raises:
        RecipeError: If the recipe contradicts itself, with every contradiction found.
    """
    rows = recipe.run.rows or max(LEAST_ROWS, *(stage.rows for stage in inspect(recipe).stages))
    return _composed(recipe.stages, 0, rows, device)


def _composed(stages: Sequence[Recipe], number: int, rows: int, device: str) -> Composition:
    """The stage of that number, and those that follow it."""
    recipe = stages[number]
    predictor = recipe.model.load(device, recipe.run.dtype)
    read: dict[Classifier, ClassifierPredictor] = {}

    def load(classifier: Classifier) -> ClassifierPredictor:
        if classifier not in read:
            read[classifier] = classifier.load(device, recipe.run.dtype)
        return read[classifier]

    if why := recipe.scheduler.refuses(predictor.learned_variance):
        raise recipe.located([(_place(number, ("scheduler",)), why)])
    denoiser = _tree(recipe, predictor, load)
    canvas = Canvas.of(predictor, denoiser)
    constraints = tuple(constraint.bound_to(canvas) for constraint in recipe.constraint)
    plan = fitted(recipe.scheduler, recipe.scheduler.plan(predictor.schedule), constraints)
    then = _composed(stages, number + 1, rows, device) if number + 1 < len(stages) else None
    return Composition(recipe, predictor, denoiser, plan, constraints, rows, number, then)


def inspect(recipe: Recipe) -> Inspection:
    """Check a recipe against itself, reading no weights.

    Raises:
        RecipeError: If the recipe contradicts itself, with every contradiction found.
    """
    found: list[tuple[Path, str]] = []
    for number, model in enumerate((recipe.model, *(stage.model for stage in recipe.stage))):
        found += ((_place(number, ("model", *path)), why) for path, why in _unusable(model, number))
    if not found:
        for number, stage in enumerate(recipe.stages):
            for path, why in _contradictions(stage):
                place = _place(number, path, recipe)
                if (place, why) not in found:
                    found.append((place, _said_once(number, path, why) if number and place == path else why))
    if found:
        raise recipe.located(found)
    return _chained([_inspected(stage, partial(_place, i, recipe=recipe)) for i, stage in enumerate(recipe.stages)])


def _said_once(number: int, path: Path, why: str) -> str:
    """What is wrong with what is said once for all stages, with the stage that it fails at."""
    cure = "; write guidance_stages beside it, with the numbers of the stages where it holds"
    return f"at stage {number}, {why}" + cure * (path[-1:] == ("guidance",))


def _chained(inspections: Sequence[Inspection]) -> Inspection:
    first, *later = inspections
    return attrs.evolve(first, then=_chained(later) if later else None)


def _place(number: int, path: Path, recipe: Recipe | None = None) -> Path:
    """Where the recipe says what a stage says at ``path``: subject and constraints are said once for all stages."""
    if recipe is not None and path[:1] == ("constraint",):
        return recipe.constraints(number)[int(path[1])][0]
    return ("stage", number - 1, *path) if number and path and path[0] in STAGE_KEYS else path


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


def _inspected(recipe: Recipe, place: Callable[[Path], Path]) -> Inspection:
    counter = _Unread(recipe.model)
    judged: list[int] = []
    nodes: list[Node] = []
    try:
        denoiser = _tree(recipe, counter, lambda classifier: _UnreadClassifier(classifier, judged), nodes)
        canvas = Canvas.of(counter, denoiser)
        constraints = [constraint.bound_to(canvas) for constraint in recipe.constraint]
        if found := undone(constraints):
            raise recipe.located([(place(("constraint", i)), why) for i, why in found.items()])
        plan = recipe.scheduler.plan(recipe.model.schedule)
        for i, constraint in enumerate(constraints):
            try:
                plan = fitted(recipe.scheduler, plan, [constraint])
            except RecipeError as error:
                raise recipe.located([(place(("constraint", i)), str(error))]) from error
    except MistakesError:
        raise
    except (LawError, RecipeError) as error:
        raise recipe.located([((), str(error))]) from error
    descents = [plan.moments[step] for step in range(plan.steps) if not plan.climbs(step)]
    # A guidance may do otherwise at some levels than at others.
    levels = descents[:: 1 + len(descents) // PROBES]
    # One that hides what lies beside the state asks more rows of a network that sees any.
    said = sum(group.channels for group in counter.concat_conditioning)
    laid = (said or counter.shape[0]) if recipe.model.sees_beside else 0
    if fault := _unlawful(nodes, levels, laid):
        raise recipe.located([fault])
    beside = Beside(torch.zeros(1, laid, *counter.shape[1:])) if laid else None
    noise = SameNoise(counter.shape)
    run = Trajectory(denoiser, recipe.scheduler, plan, noise, constraints, predictor=counter, beside=beside)
    judged.clear()
    try:
        evaluations, total = rehearsed(run, counter.rounds)
    except RecipeError as error:
        raise recipe.located([((), str(error))]) from error
    return Inspection(max(counter.rounds, default=0), evaluations, total, max(judged, default=0))


@attrs.frozen(eq=False)
class Node:
    """A subject of a recipe as a denoiser.

    Attributes:
        path: Where the recipe says how it is put together: its guidance, its views or its decomposition.
        denoiser: What it is, not clipped.
        shape: (C, H, W) of what it is shown.
        names: The last step to each term, where the terms are tables of their own.
    """

    path: Path
    denoiser: Denoiser
    shape: tuple[int, int, int]
    names: tuple[str | int, ...] = ()


def _unlawful(nodes: Sequence[Node], levels: Sequence[Moment], beside: int) -> tuple[Path, str] | None:
    """The place of the first fault and what it is, innermost first; None where all is lawful.

    The last node is the whole: asking it also counts the rows, and where it is lawful nothing else is asked.
    """
    *parts, whole = nodes
    if _fault(whole, levels, beside) is None:
        return None
    faults = (_fault(node, levels, beside) for node in (*parts, whole))
    return next(fault for fault in faults if fault is not None)


def _fault(node: Node, levels: Sequence[Moment], beside: int) -> tuple[Path, str] | None:
    try:
        node.denoiser.check(node.shape)
        for moment in levels:
            if (off := departure(node.denoiser, node.shape, moment, Answerer(), beside)) > TOLERANCE:
                return node.path, unlawful(str(node.path[-1]), off, moment)
    except LawError as error:
        named = dict(enumerate(node.names))
        term = () if error.term is None else (named[error.term],) if error.term in named else ()
        return (*node.path, *term), str(error)
    return None


class _Unread(NoisePredictor):
    """Stands in for a network whose weights have not been read: knows its prompts, counts its rows, sees no noise."""

    parameterization = "sample"

    def __init__(self, model: Model) -> None:
        self.model = model
        self.schedule = model.schedule
        self.shape = model.shape
        self.concat_conditioning = model.concat_conditioning
        self.device = torch.device("cpu")
        self.rounds: list[int] = []

    @property
    def image_shape(self) -> tuple[int, int, int]:
        return self.model.image_shape

    def encode(self, images: Tensor) -> Tensor:
        return images if self.image_shape == self.shape else images.new_zeros(len(images), *self.shape)

    def condition(self, prompt: str) -> Condition:
        self.model.check_prompt(prompt)
        return Condition(prompt)

    def gather(self, conditions: Sequence[Condition]) -> Mapping[str, Tensor]:
        del conditions
        return {}

    def predict(self, x: Tensor, moment: Moment, given: Mapping[str, Tensor]) -> Prediction:
        del given
        self.rounds.append(len(x))
        clean = unchanged(x[:, : self.shape[0]], moment)
        return Prediction(clean, torch.zeros_like(clean))  # a scheduler that reads a learned variance finds one


class _UnreadClassifier(ClassifierPredictor):
    """Stands in for a classifier whose weights have not been read: counts its rows."""

    def __init__(self, classifier: Classifier, rounds: list[int]) -> None:
        self.shape, self.device, self.rounds = classifier.shape, torch.device("cpu"), rounds

    def logits(self, x: Tensor, moment: Moment) -> Tensor:
        del moment
        return x.flatten(1)

    def predict(self, x: Tensor, moment: Moment, given: Mapping[str, Tensor]) -> Prediction:
        del moment, given
        self.rounds.append(len(x))
        return Prediction(torch.zeros_like(x))


def _tree(
    recipe: Recipe,
    predictor: NoisePredictor,
    load: Callable[[Classifier], ClassifierPredictor],
    nodes: list[Node] | None = None,
) -> Denoiser:
    """What the recipe shows; every subject inside is noted in ``nodes``, what is inside first."""
    conditions: dict[str, Condition] = {}
    bound: dict[Guidance, Guidance] = {}

    def condition(prompt: str) -> Condition:
        if prompt not in conditions:
            conditions[prompt] = predictor.condition(prompt)
        return conditions[prompt]

    def noted(node: Node) -> Denoiser:
        if nodes is not None:
            nodes.append(node)
        return node.denoiser

    def build(subject: Subject, told: _Told, path: Path, shape: Shape) -> Denoiser:
        told = told.within(subject, path)
        if subject.view:
            mine = (*path, "view")
            pairs = [
                (term.view, build(term.subject, told, (*mine, i), seen_by(term.view, shape)))
                for i, term in enumerate(subject.view)
            ]
            whole = sum(term.weight for term in subject.view)
            weights = [term.weight / whole for term in subject.view]
            mix = viewed(pairs, weights, predictor.shape[0], predictor.concat_conditioning)
            return noted(Node(mine, mix, shape, tuple(range(len(pairs)))))
        if subject.decomposition is not None:
            parts, mine = subject.decomposition, (*path, "decomposition")
            inner = [build(part, told, (*mine, name), shape) for name, part in parts.parts]
            return noted(Node(mine, factorized(parts.decomposition, inner), shape, parts.decomposition.names))
        shown = condition(subject.prompt or "")
        if told.guidance is None:
            return noted(Node((*path, "prompt"), Prompted(predictor, shown), shape))
        if told.guidance not in bound:
            bound[told.guidance] = told.guidance.bind(load)
        negative = against(told.negative) if told.guidance.negates else shown
        denoiser = bound[told.guidance].denoiser(predictor, shown, negative)
        if not isinstance(denoiser, Denoiser):
            blamed(bound[told.guidance], "denoiser", f"returns {article(denoiser)}, and must return a Denoiser")
        return noted(Node(told.place, denoiser, shape))

    def seen_by(view: View, shape: Shape) -> Shape:
        if nodes is None:
            return shape
        seen = view.apply(torch.zeros(1, *shape))
        must_be_images(seen, view, "apply")
        channels, height, width = seen.shape[1:]
        return channels, height, width

    def against(negative: str) -> Condition:
        try:
            return condition(negative)
        except PromptError as error:
            raise RecipeError(f"guidance asks for the negative prompt {negative!r} too: {error}") from error

    told = _Told(recipe.guidance, recipe.model.unconditional, ("guidance",))
    denoiser = build(recipe.subject, told, (), recipe.model.shape)
    clip: Clip = recipe.clip or recipe.model.clip or NoClip()
    return denoiser if isinstance(clip, NoClip) else Clipped(denoiser, clip)


class _Told(NamedTuple):
    """What a subject is told from further out.

    Attributes:
        guidance: Its guidance.
        negative: Its negative prompt.
        place: Where the recipe says the guidance.
    """

    guidance: Guidance | None
    negative: str
    place: Path

    def within(self, subject: Subject, path: Path) -> _Told:
        """The same for what is inside a subject."""
        guidance, place = (subject.guidance, (*path, "guidance")) if subject.guidance else (self.guidance, self.place)
        return _Told(guidance, self.negative if subject.negative is None else subject.negative, place)


def _contradictions(recipe: Recipe) -> Iterator[tuple[Path, str]]:
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
        if why := refused(recipe.scheduler, constraint):
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
