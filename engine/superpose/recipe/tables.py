"""The typed recipe: frozen classes that a recipe file is read into, or that are put together in Python."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from superpose.errors import RecipeError
from superpose.estimate.reduction import REDUCTIONS
from superpose.kinds.kind import Kind, Limits, fields_of, option
from superpose.kinds.roles import ROLES
from superpose.kinds.spelling import suggestion
from superpose.plugins.validate import NAME
from superpose.recipe.problems import MistakesError, Source

if TYPE_CHECKING:
    from superpose.estimate.clip import Clip
    from superpose.estimate.decomposition import Decomposition
    from superpose.estimate.guidance import Guidance
    from superpose.estimate.model import Model
    from superpose.estimate.view import View
    from superpose.recipe.where import KeyPath
    from superpose.sampling.constraint import Constraint
    from superpose.sampling.scheduler import Scheduler

#: What an image shows is exactly one of these.
SUBJECTS = ("prompt", *(role.name for role in ROLES.values() if role.shows))
#: What each stage says for itself; the first stage says it at the top of the recipe.
STAGE_KEYS = tuple(role.name for role in ROLES.values() if role.in_stage)


def inside(part: object) -> Iterator[Kind]:
    """An object of a registered kind and those that its options name; nothing for anything else."""
    if isinstance(part, Kind):
        yield part
        for field in fields_of(type(part)):
            yield from inside(getattr(part, field.name))


@attrs.frozen(kw_only=True)
class Run:
    """Number of samples to make, their seed, and the device."""

    samples: int = option(1, doc="number of samples", ge=1, le=100_000)
    seed: int = option(0, doc="seed of all noise", ge=0, le=2**63 - 1)
    device: str = option("auto", doc="torch device such as 'cpu' or 'cuda:0'; 'auto' for the fastest there is")
    dtype: str = option(
        "float32",
        doc="what networks compute in; the state is always float32",
        choices=("float32", "bfloat16", "float16"),
    )
    # More would make each layer's work smaller than the cost of sharing it, on any number of cores.
    threads: int = option(4, doc="processor threads, on which the last bits depend", ge=1, le=256)
    batch_size: int = option(
        0, doc="rows of every forward pass; 0 for as many as one sample needs, and at least 4", ge=0, le=4096
    )
    at_once: int = option(16, doc="samples carried at once", ge=1, le=4096)


@attrs.frozen(kw_only=True)
class Subject:
    """Subject of an image: exactly one of a prompt, views and a decomposition, which may nest.

    Attributes:
        prompt: What to ask the model for.
        view: Views, each of which shows a subject of its own.
        decomposition: Parts, each of which shows a subject of its own.
        negative: What not to show, here and in what is inside; None for what is said further out.
        guidance: Guidance here and in what is inside; None for what is said further out.
        guidance_stages: Numbers of the stages at which that guidance holds; all of them where there are none.
        reduction: How the views become one image; None for their mean.
        model: Name of the network that paints it and what is inside, one of ``[models.NAME]``; None for that of what
            it is in, which outermost is ``[model]``.
    """

    prompt: str | None = None
    view: tuple[ViewTerm, ...] = attrs.field(default=(), converter=tuple)
    decomposition: PartTerms | None = None
    negative: str | None = None
    guidance: Guidance | None = None
    guidance_stages: tuple[int, ...] = attrs.field(default=(), converter=tuple)
    reduction: str | None = attrs.field(default=None, validator=Limits(choices=REDUCTIONS))
    model: str | None = None

    def __attrs_post_init__(self) -> None:
        """Refuse what shows nothing, or two things, and stages of no guidance."""
        given = [key for key in SUBJECTS if getattr(self, key) not in (None, ())]
        if len(given) != 1:
            raise RecipeError(f"a subject is exactly one of {', '.join(SUBJECTS)}; got {' and '.join(given) or 'none'}")
        if self.guidance_stages and self.guidance is None:
            raise RecipeError("guidance_stages says where a guidance holds, and there is none: add guidance beside it")
        if self.reduction is not None and not self.view:
            raise RecipeError("reduction says how views become one image, and there are none: leave it out")
        if self.reduction == "alternate" and len({term.weight for term in self.view}) > 1:
            raise RecipeError("views that take turns have no weights: leave them out, or leave out the reduction")

    @property
    def inner(self) -> tuple[Subject, ...]:
        """The subjects inside, in order."""
        return tuple(subject for _, subject in self.placed)

    @property
    def placed(self) -> tuple[tuple[KeyPath, Subject], ...]:
        """The subjects inside, in order, each with its place in this one's table."""
        views: Iterable[tuple[KeyPath, Subject]] = ((("view", i), term.subject) for i, term in enumerate(self.view))
        parts = () if self.decomposition is None else self.decomposition.parts
        return (*views, *((("decomposition", name), part) for name, part in parts))

    def models_named(self, path: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
        """The names of models here and inside, each with the place that says it; ``path`` is this one's."""
        if self.model is not None:
            yield (*path, "model"), self.model
        for place, inner in self.placed:
            yield from inner.models_named((*path, *place))

    def mapped(self, change: Callable[[Subject], Subject], **own: Any) -> Subject:
        """This subject with ``change`` done to each that is inside, and ``own`` fields of its own."""
        views: Any = (attrs.evolve(term, subject=change(term.subject)) for term in self.view)
        parts = self.decomposition
        if parts is not None:
            parts = attrs.evolve(parts, parts=tuple((name, change(part)) for name, part in parts.parts))
        return attrs.evolve(self, view=views, decomposition=parts, **own)

    def at_stage(self, number: int) -> Subject:
        """The same subject with the guidances that hold at a stage."""
        holds = not self.guidance_stages or number in self.guidance_stages
        guidance = self.guidance if holds else None
        return self.mapped(lambda inner: inner.at_stage(number), guidance=guidance, guidance_stages=())

    def heard(self, guided: bool) -> Iterator[bool]:
        """Tell of the negative prompt here, then of those of all subjects inside, whether a guidance asks for them.

        Arguments:
            guided: Whether there is a guidance further out.
        """
        guided = guided or self.guidance is not None
        yield guided
        for inner in self.inner:
            yield from inner.heard(guided)

    def without_negatives(self, unheard: Iterator[bool]) -> Subject:
        """The same subject without the negative prompts that are ``unheard``, in the order of `heard`."""
        negative = None if next(unheard) else self.negative
        return self.mapped(lambda inner: inner.without_negatives(unheard), negative=negative)

    def scaled(self, factor: float) -> Subject:
        """The same subject for an image ``factor`` times as large."""
        parts = self.decomposition
        views: Any = (term.scaled(factor) for term in self.view)
        return attrs.evolve(self, view=views, decomposition=None if parts is None else parts.scaled(factor))

    def kinds(self) -> Iterator[Kind]:
        """Every object of a registered kind here and in what is inside."""
        yield from inside(self.guidance)
        for term in self.view:
            yield from inside(term.view)
            yield from term.subject.kinds()
        if self.decomposition is not None:
            yield from inside(self.decomposition.decomposition)
            for _, part in self.decomposition.parts:
                yield from part.kinds()


@attrs.frozen(kw_only=True)
class ViewTerm:
    """One view and what it shows.

    Attributes:
        view: The view.
        weight: Its share of the mix, relative to the other views'; more than 0.
        subject: What it shows.
    """

    view: View
    weight: float = option(1.0, doc="share of the mix, relative to the other views", gt=0)
    subject: Subject

    def scaled(self, factor: float) -> ViewTerm:
        """The same for an image ``factor`` times as large."""
        return attrs.evolve(self, view=self.view.scaled(factor), subject=self.subject.scaled(factor))


@attrs.frozen(kw_only=True)
class PartTerms:
    """A decomposition and what each part shows.

    Attributes:
        decomposition: The decomposition.
        parts: Each part's name and subject, in the order of the decomposition's names.
    """

    decomposition: Decomposition
    parts: tuple[tuple[str, Subject], ...]

    def __attrs_post_init__(self) -> None:
        """Refuse parts that are not the decomposition's."""
        given = tuple(name for name, _ in self.parts)
        if given != self.decomposition.names:
            raise RecipeError(
                f"the parts of {self.decomposition.kind!r} are {', '.join(self.decomposition.names)}, in this order; "
                f"got {', '.join(given) or 'none'}"
            )

    def scaled(self, factor: float) -> PartTerms:
        """The same parts of an image ``factor`` times as large."""
        inner = tuple((name, part.scaled(factor)) for name, part in self.parts)
        return PartTerms(decomposition=self.decomposition.scaled(factor), parts=inner)


@attrs.frozen(kw_only=True)
class Stage:
    """A further stage: it paints the same subject again, larger, over the pictures of the stage before.

    Attributes:
        model: The network; one that enlarges.
        scheduler: The sampling method.
        guidance: Of every prompt that has no other; None to ask for the prompt alone.
        clip: How the clean image is kept in range; None for the model's own way.
        constraint: Rules that this stage alone obeys, in order; they take the place of the recipe's of the same kind.
    """

    model: Model
    scheduler: Scheduler
    guidance: Guidance | None = None
    clip: Clip | None = None
    constraint: tuple[Constraint, ...] = attrs.field(default=(), converter=tuple)

    def kinds(self) -> Iterator[Kind]:
        """Every object of a registered kind, in the order of the table."""
        for part in (self.model, self.scheduler, self.guidance, self.clip, *self.constraint):
            yield from inside(part)


def misnamed(names: Collection[str], subject: Subject) -> Iterator[tuple[KeyPath, str]]:
    """Names of models that say nothing, as (place, what is wrong with the cure)."""
    named = list(subject.models_named())
    for path, name in named:
        if path == ("model",):
            yield path, "the network of the whole image is [model]: name another one in a view or a part"
        elif name not in names:
            yield path, f"there is no [models.{name}]{suggestion(name, names)}"
    for name in names:
        if not NAME.fullmatch(name):
            yield ("models", name), f"a model is called by lower case letters, digits and hyphens; got {name!r}"
        elif name not in {used for _, used in named}:
            cure = f'write model = "{name}" in a view or a part, or leave the table out'
            yield ("models", name), f"no subject is painted by it: {cure}"


def _pairs(models: Any) -> tuple[tuple[str, Model], ...]:
    return tuple(models.items()) if isinstance(models, Mapping) else tuple(models)


def _guidance_stages(subject: Subject) -> Iterator[int]:
    yield from subject.guidance_stages
    for inner in subject.inner:
        yield from _guidance_stages(inner)


@attrs.frozen(kw_only=True)
class Recipe:
    """A composition and how to run it.

    Attributes:
        requires: Distributions that must be installed, such as ``superpose-hinge>=0.3``.
        model: The network.
        models: Further networks that paint on the same canvas, each with the name that a `Subject.model` says; a
            mapping will do.
        scheduler: The sampling method.
        guidance: The guidance of every prompt that has no other; None to ask for the prompt alone.
        clip: How the clean image is kept in range; None for the model's own way.
        subject: What the image shows.
        stage: Further stages, each painting over the pictures of the one before.
        constraint: Rules that the first stage obeys, in order, and every later one for which they can be scaled.
        run: How many samples, from which seed, and where.
        source: Where it was written, for errors.
    """

    requires: tuple[str, ...] = attrs.field(default=(), converter=tuple)
    model: Model
    models: tuple[tuple[str, Model], ...] = attrs.field(default=(), converter=_pairs)
    scheduler: Scheduler
    guidance: Guidance | None = None
    clip: Clip | None = None
    subject: Subject
    stage: tuple[Stage, ...] = attrs.field(default=(), converter=tuple)
    constraint: tuple[Constraint, ...] = attrs.field(default=(), converter=tuple)
    run: Run = Run()
    source: Source = attrs.field(factory=Source, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Refuse a guidance of the whole image in two places, and models that are not there or not used."""
        if self.subject.guidance is not None:
            raise RecipeError("guidance of the whole image is the recipe's own: give it to Recipe, not to its Subject")
        for _, why in misnamed([name for name, _ in self.models], self.subject):
            raise RecipeError(why)
        last = len(self.stage)
        if wrong := sorted({number for number in _guidance_stages(self.subject) if not 0 <= number <= last}):
            raise RecipeError(f"guidance_stages = [{wrong[0]}]: the stages of this recipe have the numbers 0 to {last}")

    @property
    def negative(self) -> str | None:
        """Negative prompt, where nothing further in says otherwise."""
        return self.subject.negative

    @property
    def stages(self) -> tuple[Recipe, ...]:
        """A recipe of one stage for each stage; views and decompositions are scaled to its size.

        A negative prompt is for the stages that have guidance where it stands.

        Raises:
            RecipeError: If the size of a model can't be told.
        """
        if not self.stage:
            return (self,)
        every: tuple[Recipe | Stage, ...] = (self, *self.stage)
        subjects = [self.subject.at_stage(number) for number in range(len(every))]
        heard = [
            list(subject.heard(stage.guidance is not None)) for subject, stage in zip(subjects, every, strict=True)
        ]
        anywhere = [any(column) for column in zip(*heard, strict=True)]
        stages = []
        for number, (stage, subject, here) in enumerate(zip(every, subjects, heard, strict=True)):
            unheard = iter([elsewhere and not now for elsewhere, now in zip(anywhere, here, strict=True)])
            parts: dict[str, Any] = {key: getattr(stage, key) for key in STAGE_KEYS}
            parts["subject"] = subject.without_negatives(unheard)
            if number:
                parts["subject"] = parts["subject"].scaled(stage.model.shape[1] / self.model.shape[1])
            parts["constraint"] = tuple(constraint for _, constraint in self.constraints(number))
            stages.append(attrs.evolve(self, stage=(), **parts))
        return tuple(stages)

    def constraints(self, number: int) -> tuple[tuple[KeyPath, Constraint], ...]:
        """The constraints that hold at a stage, each with the place where the recipe says it.

        Raises:
            RecipeError: If the size of a model can't be told.
        """
        said: list[tuple[KeyPath, Constraint]] = [(("constraint", i), rule) for i, rule in enumerate(self.constraint)]
        if number == 0:
            return tuple(said)
        stage = self.stage[number - 1]
        factor = stage.model.image_shape[1] / self.model.image_shape[1]
        kinds = {rule.kind for rule in stage.constraint}
        scaled = [(place, rule.scaled(factor)) for place, rule in said if rule.kind not in kinds]
        held = [(place, rule) for place, rule in scaled if rule is not None]
        own = [(("stage", number - 1, "constraint", i), rule) for i, rule in enumerate(stage.constraint)]
        return (*held, *own)

    def kinds(self) -> Iterator[Kind]:
        """Every object of a registered kind that the recipe uses, in the order of the recipe."""
        for part in (self.model, *(model for _, model in self.models), self.scheduler, self.guidance, self.clip):
            yield from inside(part)
        yield from self.subject.kinds()
        for stage in self.stage:
            yield from stage.kinds()
        for constraint in self.constraint:
            yield from inside(constraint)

    def located(self, found: Iterable[tuple[KeyPath, str]]) -> MistakesError:
        """Mistakes, as (path, what is wrong), with the places in the recipe's file: one line each, in file order."""
        return MistakesError(self.source.problems(found))
