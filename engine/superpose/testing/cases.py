"""Cases that hold a kind to its laws: its variants, on some sizes or on some schedules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from superpose.errors import RecipeError
from superpose.estimate.problem import problems_of
from superpose.estimate.process import GAUSSIAN
from superpose.kinds.kind import Kind, chosen_options, fields_of, with_options
from superpose.kinds.roles import ROLES
from superpose.plugins import load_plugins
from superpose.testing.law import Law
from superpose.testing.variation import variants

if TYPE_CHECKING:
    from superpose.estimate.classifier import Classifier
    from superpose.estimate.clip import Clip
    from superpose.estimate.decomposition import Decomposition
    from superpose.estimate.guidance import Guidance
    from superpose.estimate.loss import Loss
    from superpose.estimate.model import Model
    from superpose.estimate.operator import Operator
    from superpose.estimate.renderer import Renderer
    from superpose.estimate.tensors import Shape
    from superpose.estimate.view import View
    from superpose.levels.noise_level import Schedule
    from superpose.media.medium import Medium
    from superpose.running.executor import Executor
    from superpose.sampling.constraint import Constraint
    from superpose.sampling.population import Population
    from superpose.sampling.scheduler import Scheduler

#: Sizes (C, H, W) that networks have, and some that nobody thinks of.
SIZES: tuple[Shape, ...] = ((3, 32, 32), (1, 28, 28), (4, 64, 64), (3, 8, 8), (3, 33, 33), (3, 24, 40))
#: Steps that a scheduler is followed for, where their number is an option.
STEPS = 7


class Case(NamedTuple):
    """One instance on one size.

    Attributes:
        where: The size or schedule, and the options that are not as they come.
        instance: What is held to its laws.
        laws: Makes the laws that apply.
    """

    where: str
    instance: Kind
    laws: Callable[[], Iterable[Law]]


def cases(instances: Sequence[Kind], sizes: Sequence[Shape]) -> tuple[list[Case], list[str]]:
    """The cases that instances of one role accept, and why they refuse the others."""
    accepted: list[Case] = []
    refusals: list[str] = []
    for instance in dict.fromkeys(map(_short, instances)):
        for found in ROLES[instance.role].cases()(instance, sizes):
            if isinstance(found, str):
                refusals.append(found)
            else:
                accepted.append(found)
    return accepted, refusals


def _short(instance: Kind) -> Kind:
    """A scheduler with few steps, where their number is an option."""
    if instance.role == "scheduler" and "steps" in (field.name for field in fields_of(type(instance))):
        return with_options(instance, steps=STEPS)
    return instance


def view(instance: View, sizes: Sequence[Shape]) -> Iterator[Case | str]:
    """The cases of a view."""
    from superpose.testing import views

    yield from _images(views.laws, instance, sizes)


def decomposition(instance: Decomposition, sizes: Sequence[Shape]) -> Iterator[Case | str]:
    """The cases of a decomposition."""
    from superpose.testing import decompositions

    yield from _images(decompositions.laws, instance, sizes)


def operator(instance: Operator, sizes: Sequence[Shape]) -> Iterator[Case | str]:
    """The cases of an operator."""
    from superpose.testing import operators

    yield from _images(operators.laws, instance, sizes)


def loss(instance: Loss, sizes: Sequence[Shape]) -> Iterator[Case | str]:
    """The cases of a loss."""
    from superpose.testing import losses

    yield from _images(losses.laws, instance, sizes)


def _images(
    laws: Callable[..., Iterable[Law]],
    instance: View | Decomposition | Operator | Loss | Renderer,
    sizes: Sequence[Shape],
) -> Iterator[Case | str]:
    for size in sizes:
        if found := problems_of(instance.problems, size):
            yield str(found[0])
        else:
            yield Case(where(instance, size), instance, _later(laws, instance, *size))


def clip(instance: Clip, sizes: Sequence[Shape]) -> Iterator[Case | str]:
    """The cases of a way of clipping."""
    from superpose.testing import clips

    for size in sizes:
        yield Case(where(instance, size), instance, _later(clips.laws, instance, *size))


def guidance(instance: Guidance, sizes: Sequence[Shape]) -> Iterator[Case | str]:
    """The cases of a guidance."""
    from superpose.testing import guidances

    for size in sizes[:3]:  # what it does is the same to every value
        # A guidance may ask as many rows as it likes here: what it costs is in the line.
        yield Case(where(instance, size), instance, _later(guidances.laws, instance, *size, 64))


def renderer(instance: Renderer, sizes: Sequence[Shape]) -> Iterator[Case | str]:
    """The cases of a renderer."""
    from superpose.testing import renderers

    yield from _images(renderers.laws, instance, sizes)


def constraint(instance: Constraint, sizes: Sequence[Shape]) -> Iterator[Case | str]:
    """The cases of a constraint."""
    from superpose.estimate.canvas import Canvas
    from superpose.testing import constraints

    for size in sizes:
        canvas = Canvas(size)
        if found := problems_of(instance.problems, canvas):
            yield str(found[0])
        else:
            yield Case(where(instance, size), instance, _later(constraints.laws, instance, canvas))


def population(instance: Population, sizes: Sequence[Shape]) -> Iterator[Case | str]:
    """The cases of a population."""
    from superpose.testing import populations

    for size in sizes[:3]:  # what it weighs is as large as it likes
        yield Case(where(instance, size), instance, _later(populations.laws, instance, *size))


def medium(instance: Medium, sizes: Sequence[Shape]) -> Iterator[Case | str]:
    """The cases of a medium."""
    from superpose.testing import media

    for size in (size for size in sizes if size[0] in (1, 3)):  # files of images have no other channels
        if found := problems_of(instance.problems, size):
            yield str(found[0])
        else:
            yield Case(where(instance, size), instance, _later(media.laws, instance, *size))


def executor(instance: Executor, sizes: Sequence[Shape]) -> Iterator[Case | str]:
    """The cases of an executor."""
    from superpose.testing import executors

    del sizes
    yield Case(options(instance).strip(), instance, _later(executors.laws, instance))


def scheduler(instance: Scheduler, sizes: Sequence[Shape]) -> Iterator[Case | str]:
    """The cases of a scheduler."""
    from superpose.testing import schedulers

    del sizes  # of an image no scheduler knows the size
    if instance.processes is not None and GAUSSIAN not in instance.processes:
        yield from _of_another_process(instance, instance.processes)
        return
    order = instance.order if instance.order and not instance.stochastic else None
    for name, schedule in _schedules().items():
        try:
            instance.plan(schedule)
        except RecipeError as error:
            yield str(error)
            continue
        # The order is measured on levels of its own, so once is enough.
        laws = _later(schedulers.laws, instance, schedule, (3, 4, 4), order)
        yield Case(f"{name}{options(instance)}", instance, laws)
        order = None


def _of_another_process(instance: Scheduler, names: frozenset[str]) -> Iterator[Case | str]:
    """The cases on the models that are installed of its process and need no option to be told."""
    from superpose.testing import processes

    models = (made for kind in load_plugins().kinds("model").values() for made in variants(kind)[:1])
    fits = [made for made in models if made.process.name in names]
    for made in fits:
        yield Case(f"{made.kind}{options(instance)}", instance, _later(processes.laws, instance, made))
    if not fits:
        yield f"it is for {', '.join(sorted(names))} noise, and no model of that which needs no option is installed"


def model(instance: Model, sizes: Sequence[Shape]) -> Iterator[Case | str]:
    """The cases of a model."""
    from superpose.testing import networks

    del sizes
    yield Case(where(instance, instance.shape), instance, _later(networks.model_laws, instance))


def classifier(instance: Classifier, sizes: Sequence[Shape]) -> Iterator[Case | str]:
    """The cases of a classifier."""
    from superpose.testing import classifiers

    del sizes
    yield Case(where(instance, instance.shape), instance, _later(classifiers.laws, instance))


def _schedules() -> dict[str, Schedule]:
    from superpose.levels.continuous import FlowSchedule, VESchedule
    from superpose.levels.table import TableSchedule

    vp, cosine = TableSchedule.named("linear"), TableSchedule.named("cosine")
    return {"vp": vp, "cosine": cosine, "ve": VESchedule(), "flow": FlowSchedule()}


def _later(laws: Callable[..., Iterable[Law]], *arguments: object) -> Callable[[], Iterable[Law]]:
    return lambda: laws(*arguments)


def where(instance: Kind, size: Shape) -> str:
    """The size, and the options that are not as they come: ``3x32x32 columns=1``."""
    return "x".join(map(str, size)) + options(instance)


def options(instance: Kind) -> str:
    """The options that are not as they come."""
    return "".join(f" {name}={value}" for name, value in chosen_options(instance).items())
