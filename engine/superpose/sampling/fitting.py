"""Rules and the run that they are to hold in: the plan as they want it, and what stands against them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import attrs

from superpose.errors import LawError, RecipeError
from superpose.estimate.lawful import check_law
from superpose.estimate.parts import all_parts
from superpose.kinds.kind import chosen_options, fields_of
from superpose.sampling.gridded import Gridded
from superpose.sampling.rule import name_of, wrapped

if TYPE_CHECKING:
    from superpose.estimate.denoiser import Denoiser
    from superpose.estimate.guidance import Guidance
    from superpose.estimate.tensors import Shape
    from superpose.kinds.need import Need
    from superpose.levels.noise_level import NoiseLevel
    from superpose.levels.plan import Plan
    from superpose.sampling.constraint import Constraint
    from superpose.sampling.population import Population
    from superpose.sampling.rule import Rule
    from superpose.sampling.scheduler import Scheduler

#: Hooks of a rule that leave the distribution of images what the denoiser makes it.
UNMOVING = frozenset({"finish"})
#: Those that leave the states of a path to its steps: what they change is where a step goes to, not how.
UNEDITING = frozenset({"wrap", "on_clean", "finish"})
#: Steps of a run that rules may ask for, climbs included.
LONGEST = 50_000


class MisfitError(RecipeError):
    """Rules that can't hold in a run.

    Attributes:
        found: What is wrong, by the place of each rule.
    """

    def __init__(self, found: Mapping[int, str]) -> None:
        super().__init__(*found.values())
        self.found = dict(found)


class UncarriedError(RecipeError):
    """A population that does not fit the run which would carry it."""


class NoDensityError(LawError):
    """A population that weighs products of densities, and an image that is drawn from none."""


def weighable(population: Population, denoiser: Denoiser, rules: Sequence[Rule], *, optimises: bool = False) -> None:
    """Refuse what a population that reads dispersions can't weigh.

    Raises:
        NoDensityError: If what is sampled is no product of densities.
        MisfitError: If a rule moves it besides.
    """
    if not population.reads_dispersion:
        return
    name = population.kind
    if optimises:
        raise NoDensityError(
            f"{name} weighs the steps of a diffusion, and gradient steps are none: use a scheduler that samples, or "
            "another population"
        )
    try:
        denoiser.with_dispersion()
    except LawError as error:
        cure = "mix whole images by fixed weights that sum to 1, or use another population"
        raise NoDensityError(
            f"{name} weighs by the densities that an image is drawn from, and {error}: {cure}"
        ) from error
    moving = {i: rule for i, rule in enumerate(rules) if rule.hooks() - UNMOVING}
    if moving:
        why = "draws images from a product of densities, and {0} would move them away: remove {0}, or use another"
        raise MisfitError({i: f"{name} {why.format(name_of(rule))} population" for i, rule in moving.items()})


def retraceable(
    population: Population, scheduler: Scheduler, plan: Plan, rules: Sequence[Rule], *, says_variance: bool = False
) -> None:
    """Refuse steps and rules whose densities a population that reads them can't know.

    Raises:
        RecipeError: If steps are not affine in the clean image.
        MisfitError: If a rule edits states, or makes the steps or the plan.
    """
    if not population.reads_steps:
        return
    if plan.optimises or any(
        scheduler.move(*step, says_variance=says_variance) is None for step in pairwise(plan.levels)
    ):
        raise RecipeError(unweighed_steps(population, scheduler))
    if editing := {i: rule for i, rule in enumerate(rules) if rule.hooks() - UNEDITING}:
        why = f"{population.kind} weighs the noise of steps, and {{0}} edits states or makes other steps: remove {{0}}"
        raise MisfitError({i: why.format(name_of(rule)) for i, rule in editing.items()})


def unweighed_steps(population: Population, scheduler: Scheduler) -> str:
    """Sentence about a population that weighs steps, and a scheduler whose steps have another density."""
    return (
        f"{population.kind} weighs the noise of steps, and those of {scheduler.kind} as set here are not affine in the "
        "clean image with noise of a fixed variance: use an ancestral scheduler with the fixed small variance, or "
        "one whose eta is above 0"
    )


def along_its_path(denoiser: Denoiser, rules: Sequence[Rule]) -> None:
    """Refuse rules that edit the states of what goes by the path that steps alone have made.

    Raises:
        MisfitError: If there are some.
    """
    follows = next((part for part in all_parts(denoiser) if getattr(part, "reads_path", False)), None)
    editing = {i: rule for i, rule in enumerate(rules) if rule.hooks() - UNEDITING}
    if follows is not None and editing:
        name = getattr(follows, "kind", type(follows).__name__)
        why = f"{name} goes by the steps that have led to a state, and {{0}} edits them or makes others: remove {{0}}"
        raise MisfitError({i: why.format(name_of(rule)) for i, rule in editing.items()})


def fitted(scheduler: Scheduler, plan: Plan, rules: Sequence[Rule], *, differentiable: bool = True) -> Plan:
    """The plan as the rules want it.

    Raises:
        MisfitError: If a rule needs what the scheduler or the network is not, can't have its wish of the plan, or
            undoes the starting state of another.
    """
    if found := _undone(rules):
        raise MisfitError(found)
    for i, rule in enumerate(rules):
        lacks = refused(scheduler, rule, differentiable=differentiable) or _unheard(scheduler, rule)
        if lacks := lacks or (_of_noisy_states(scheduler, rule) if plan.optimises else None):
            raise MisfitError({i: lacks})
        try:
            wanted = rule.plan(plan)
        except RecipeError as error:
            raise MisfitError({i: str(error)}) from error
        if plan.optimises and wanted.levels != plan.levels:
            raise MisfitError({i: _out_of_order(scheduler, rule)})
        plan = attrs.evolve(wanted, optimises=plan.optimises)
        if plan.steps > LONGEST:
            many = f"{name_of(rule)} makes a plan of {plan.steps:,} steps; a run has at most {LONGEST:,}"
            raise MisfitError({i: many})
    return plan


def _undone(rules: Sequence[Rule]) -> dict[int, str]:
    """The rules that would undo the starting state or the steps that one before them makes, by their places."""
    found: dict[int, str] = {}
    made = {"start": "the starting state, and would undo the one", "move": "the steps, in place of those"}
    made["shape_noise"] = "the shape of the noise, in place of that"
    for hook, what in made.items():
        makers = [i for i, rule in enumerate(rules) if hook in rule.hooks()]
        for i in makers[1:]:
            found[i] = (
                f"constraint {i} ({name_of(rules[i])}) makes {what} that constraint {makers[0]} "
                f"({name_of(rules[makers[0]])}) has made: keep one of them"
            )
    return found


def _unheard(scheduler: Scheduler, rule: Rule) -> str | None:
    """Why an option of a scheduler would do nothing, where a rule makes the steps; None where all of them count."""
    if "move" not in rule.hooks():
        return None
    levels = {field.name for field in fields_of(Gridded)} if isinstance(scheduler, Gridded) else set[str]()
    idle = [f"{name} = {value}" for name, value in chosen_options(scheduler).items() if name not in levels]
    if not idle:
        return None
    return (
        f"{name_of(rule)} makes the steps itself, and of {scheduler.kind} the levels alone count: remove "
        f"{', '.join(idle)}, or say it to {name_of(rule)}"
    )


def _of_noisy_states(scheduler: Scheduler, rule: Rule) -> str | None:
    """Why a rule can't edit clean images that are optimised; None where it can, or edits no state."""
    edits = rule.hooks() & {"start", "before", "after", "move"}
    name, hooks = name_of(rule), " and ".join(sorted(edits))
    if edits and scheduler.renders:
        return (
            f"{name} edits images ({hooks}), and those of {scheduler.kind} are drawn by its renderer: leave the "
            f"renderer out, or remove {name}"
        )
    if not edits or rule.optimised:
        return None
    return (
        f"{name} edits noisy states ({hooks}), and {scheduler.kind} moves clean images by gradient steps: use a "
        f"scheduler that samples, or remove {name}"
    )


def _out_of_order(scheduler: Scheduler, rule: Rule) -> str:
    return (
        f"{name_of(rule)} asks for another plan, and the levels of {scheduler.kind} are those that it asks at, not "
        "those of its states: leave out its repeats, or use a scheduler that samples"
    )


def displaced(scheduler: Scheduler) -> str:
    """Sentence about an estimate that moves noisy states, where there are none."""
    return (
        f"what is sampled moves noisy states from one step to the next, and {scheduler.kind} has clean images alone: "
        "remove the constraint or guidance that does, or use a scheduler that samples"
    )


def unread_noise(rule: Rule) -> str:
    """Sentence about a rule that makes the steps, beside something that wants noise read off another image."""
    return (
        f"{name_of(rule)} makes the steps itself, and does not read noise off an image of its own, as what is sampled "
        f"wants it: use another guidance, or remove {name_of(rule)}"
    )


def refused(
    scheduler: Scheduler, rule: Rule | Constraint | Guidance | Population, *, differentiable: bool = True
) -> str | None:
    """Why a rule, guidance or population can't hold with a scheduler and network, with the cure; None where it can."""
    name = name_of(rule)
    for need in sorted(rule.needs):
        if need == "differentiable":
            if not differentiable:
                return (
                    f"{name} needs a network that torch can differentiate, and the model's is not: use another model, "
                    f"or remove {name}"
                )
        elif not _serves(scheduler, need):
            return lacking(name, scheduler, need)
    return None


def lacking(name: str, scheduler: Scheduler, need: Need) -> str:
    """Sentence about a scheduler that is not what ``name`` needs, with the cure."""
    spoken = need.replace("_", "-")
    return (
        f"{name} needs a {spoken} scheduler, and {scheduler.kind} as set here is not: use one that is, as "
        f"these are as they come: {', '.join(_kinds_that_are(need))}"
    )


def _serves(scheduler: Scheduler, need: Need) -> bool:
    if need == "single_step":
        return scheduler.single_step
    if need == "renoising":
        return scheduler.renoises
    return scheduler.stochastic == (need == "stochastic")


def _kinds_that_are(need: Need) -> list[str]:
    """The installed schedulers that serve a need with no option set."""
    from superpose.plugins import load_plugins  # asked only where something is wrong already

    return load_plugins().fitting("scheduler", lambda scheduler: _serves(scheduler, need))


def unlawful_wraps(
    denoiser: Denoiser, rules: Sequence[Rule], shape: Shape, levels: Sequence[NoiseLevel], conditioning: int = 0
) -> Iterator[tuple[int, str]]:
    """The innermost rule that breaks the law of the denoiser that it wraps: its place, and what is wrong.

    Arguments:
        denoiser: A lawful one, not clipped.
        rules: As the run will obey them.
        shape: (C, H, W) of one state.
        levels: Levels to ask at.
        conditioning: Channels that lie beside the state.
    """
    for i in reversed(range(len(rules))):
        if "wrap" not in rules[i].hooks():
            continue
        denoiser = wrapped(denoiser, [rules[i]])
        try:
            check_law(denoiser, shape, levels, conditioning)
        except LawError as error:
            cure = "move the clean image in on_clean, or by a guidance_gradient"
            yield i, f"constraint {i} ({name_of(rules[i])}) wraps the denoiser, and {error}; {cure}"
            return
