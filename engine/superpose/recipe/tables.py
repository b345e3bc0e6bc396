"""The typed recipe: frozen classes that a recipe file is read into, or that are put together in Python."""

from __future__ import annotations

import html
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import attrs
import tomli_w

from superpose.errors import RecipeError
from superpose.estimate.tensors import picture_shape
from superpose.kinds.kind import Kind, option
from superpose.kinds.roles import ROLES
from superpose.kinds.spelling import suggestion
from superpose.plugins.validate import NAME
from superpose.recipe.extent import Extent
from superpose.recipe.mistakes import MistakesError, Source
from superpose.recipe.plain import plain, subject_table, table_of
from superpose.recipe.subject import Subject, inside

if TYPE_CHECKING:
    from superpose.estimate.clip import Clip
    from superpose.estimate.guidance import Guidance
    from superpose.estimate.model import Model
    from superpose.media.medium import Medium
    from superpose.recipe.plain import Paths
    from superpose.recipe.where import KeyPath, TomlTable
    from superpose.sampling.constraint import Constraint
    from superpose.sampling.population import Population
    from superpose.sampling.scheduler import Scheduler

#: What each stage says for itself; the first stage says it at the top of the recipe.
STAGE_KEYS = tuple(role.name for role in ROLES.values() if role.in_stage)
#: What is said once, of the first stage alone.
FIRST_KEYS = tuple(
    role.name
    for role in ROLES.values()
    if role.in_recipe and not (role.in_stage or role.in_subject or role.many or role.shows)
)

#: What a subject says without a table, in the order of the file.
SAID = ("prompt", "image", "fit", "resizer", "negative", "reduction")


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
    compile: bool = option(False, doc="have torch compile networks; their last bits are others then")
    offload: str = option(
        "none",
        doc="'model' to hold one network at a time: each is read when it is asked, and leaves for the next",
        choices=("none", "model"),
    )
    # More would make each layer's work smaller than the cost of sharing it, on any number of cores.
    threads: int = option(4, doc="processor threads, on which the last bits depend", ge=1, le=256)
    batch_size: int = option(
        0, doc="rows of every forward pass; 0 for as many as one sample needs, from 4 to 64", ge=0, le=4096
    )
    noise: str = option(
        "own",
        doc="of a run over several files: own noise for each, or shared by all, so that a film flickers less",
        choices=("own", "shared"),
    )
    at_once: int = option(16, doc="samples carried at once", ge=1, le=4096)
    checkpointing: bool = option(
        False, doc="where gradients go through a network, the memory of one forward pass, for one pass more"
    )


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

    def table(self, paths: Callable[[Path], str]) -> dict[str, object]:
        """This stage as plain TOML, every option written out."""
        return _roles(self, paths) | _constraints(self, paths)


def _roles(where: Recipe | Stage, paths: Paths, roles: Iterable[str] = STAGE_KEYS) -> TomlTable:
    parts = {role: getattr(where, role) for role in roles}
    return {role: plain(part, paths) for role, part in parts.items() if part is not None}


def _constraints(where: Recipe | Stage, paths: Paths) -> TomlTable:
    return {"constraint": [table_of(each, paths) for each in where.constraint]} if where.constraint else {}


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
        canvas: What it is painted on; None for one image of the model.
        stage: Further stages, each painting over the pictures of the one before.
        constraint: Rules that the first stage obeys, in order, and every later one for which they can be scaled.
        population: Particles a sample at the first stage, of which one goes on; None for one.
        medium: Another medium that each image is written in, too; None for none.
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
    canvas: Extent | None = None
    stage: tuple[Stage, ...] = attrs.field(default=(), converter=tuple)
    constraint: tuple[Constraint, ...] = attrs.field(default=(), converter=tuple)
    population: Population | None = None
    medium: Medium | None = None
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
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one state: of all canvases of a sample."""
        return self.model.shape if self.canvas is None else self.canvas.over(self.model.shape)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one picture; as `shape`, unless states are latents."""
        return picture_shape(self.shape, self.model.shape, self.model.image_shape)

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
                factor = stage.model.shape[1] / self.model.shape[1]
                parts["subject"] = parts["subject"].scaled(factor)
                parts["canvas"] = None if self.canvas is None else self.canvas.scaled(factor)
            parts |= dict.fromkeys(FIRST_KEYS) if number else {}
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
        yield from inside(self.population)
        yield from inside(self.medium)

    def located(self, found: Iterable[tuple[KeyPath, str]]) -> MistakesError:
        """Mistakes, as (path, what is wrong), with the places in the recipe's file: one line each, in file order."""
        return MistakesError(self.source.mistakes(found))

    def table(self, paths: Callable[[Path], str] = PurePath.as_posix) -> dict[str, object]:
        """The recipe as plain TOML, every option written out, ``kind`` first.

        Arguments:
            paths: How a file's path is written; absolute by default.
        """
        table: TomlTable = {"requires": list(self.requires)} if self.requires else {}
        subject = subject_table(self.subject, paths)
        table |= {key: subject.pop(key) for key in SAID if key in subject}
        table |= _roles(self, paths)
        if self.models:
            table["models"] = {name: plain(model, paths) for name, model in self.models}
        table |= subject
        if self.canvas is not None:
            table["canvas"] = plain(self.canvas, paths)
        if self.stage:
            table["stage"] = [stage.table(paths) for stage in self.stage]
        table |= _constraints(self, paths) | _roles(self, paths, FIRST_KEYS)
        return table | {"run": plain(self.run, paths)}

    def _repr_html_(self) -> str:
        """The recipe with every option written out, for notebooks."""
        return f"<pre>{html.escape(tomli_w.dumps(self.table()))}</pre>"
