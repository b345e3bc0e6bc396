"""The one way in which a run is put together, for recipes, for Python and for what is only inspected.

A denoiser, a scheduler, constraints and a network become an `Assembly`, of which any samples can be run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from superpose.errors import RecipeError
from superpose.estimate.canvas import Canvas
from superpose.estimate.clip import NoClip
from superpose.estimate.context import Context
from superpose.estimate.noised import clipped
from superpose.estimate.on_canvas import OnCanvas
from superpose.media.sheet import readings
from superpose.running.painted_on import on_canvas
from superpose.running.tree import tree
from superpose.sampling.constraint import Constraint
from superpose.sampling.fitting import MisfitError, UncarriedError, along_its_path, fitted, retraceable, weighable
from superpose.sampling.loop import Trajectory, conditioning_of
from superpose.sampling.noise import Noise
from superpose.sampling.swarm import Swarm

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.clip import Clip
    from superpose.estimate.context import Load
    from superpose.estimate.denoiser import Denoiser
    from superpose.estimate.predictor import Conditioning, NoisePredictor
    from superpose.estimate.reading import Reading
    from superpose.estimate.shared_work import SharedWork
    from superpose.levels.plan import Plan
    from superpose.recipe import Recipe
    from superpose.running.tree import Node
    from superpose.sampling.noise import Lineage, NoiseSource
    from superpose.sampling.population import Population, Potential
    from superpose.sampling.rule import Rule
    from superpose.sampling.scheduler import Scheduler


@attrs.frozen(eq=False)
class Assembly:
    """All that one stage of a run is made of; any samples can be run by it. Without a cascade there is one.

    Attributes:
        denoiser: What the image shows, clipped as sampling clips it.
        scheduler: How to get there.
        predictor: The network of its canvas.
        plan: The levels visited.
        rules: The constraints, bound to the network's size and device.
        batch_size: Rows of a forward pass; None for one pass.
        others: Further networks that paint on the same canvas.
        number: Which stage it is, from 0.
        seed: Of the noise.
        population: Particles a sample; None for one.
        potential: What weighs them.
        checkpointing: Whether gradients work forward passes out again; see `BatchedEvaluator`.
    """

    denoiser: Denoiser
    scheduler: Scheduler
    predictor: NoisePredictor
    plan: Plan
    rules: tuple[Rule, ...]
    batch_size: int | None = None
    others: tuple[NoisePredictor, ...] = ()
    number: int = 0
    seed: int = 0
    population: Population | None = None
    potential: Potential | None = None
    checkpointing: bool = False

    def carrying(self, population: Population | None, context: Context, readings: Sequence[Reading] = ()) -> Assembly:
        """The same with several particles a sample; arguments as of `Population.bind`.

        Raises:
            UncarriedError: If they would be weighed after no step, or can't be.
            NoDensityError: If they would be weighed by densities of what has none.
            MisfitError: If a rule does not go with them; says which.
        """
        if population is None:
            return self
        try:
            return self._carrying(population, context, readings)
        except MisfitError:
            raise
        except RecipeError as error:
            raise UncarriedError(str(error)) from error

    def _carrying(self, population: Population, context: Context, readings: Sequence[Reading]) -> Assembly:
        steps = self.plan.steps
        if not any(population.weighs(step, steps) for step in range(steps) if not self.plan.climbs(step)):
            raise RecipeError(
                f"{population.kind} weighs its particles after none of the {steps} steps: let it start earlier or "
                "stop later"
            )
        says = self.predictor.learned_variance != "none"
        retraceable(population, self.scheduler, self.plan, self.rules, says_variance=says)
        weighable(population, self.denoiser, self.rules, optimises=self.plan.optimises)
        return attrs.evolve(self, population=population, potential=population.bound_to(context, readings))

    def trajectory(
        self, samples: Sequence[int], low: Tensor | None = None, lineages: Sequence[Lineage] = ()
    ) -> Trajectory:
        """The run of the samples with these numbers; sample k is the same in every run that has it.

        Arguments:
            samples: Their numbers.
            low: Their pictures at the stage before, where there was one.
            lineages: Slots of one particle of each sample, where these are to be made again and no others.
        """
        population = None if lineages else self.population
        size = 1 if population is None else population.size
        rows = tuple(sample for sample in samples for _ in range(size))
        plain = Noise(self.seed, rows, self.predictor.shape, self.predictor.device, self.number)
        slots = lineages or [((0, slot),) for _ in samples for slot in range(size) if population]
        # What lies beside a sample is that of all its particles: copies need not carry it.
        others = {other: laid for other in self.others if (laid := conditioning_of(other, plain))}
        low = low if low is None or size == 1 else low.repeat_interleave(size, 0)
        swarm = None if lineages else self.swarm(samples)
        return self.run(attrs.evolve(plain, slots=slots), conditioning_of(self.predictor, plain, low), others, swarm)

    def swarm(self, samples: Sequence[int]) -> Swarm | None:
        """Particles of the samples with these numbers; None where each has one."""
        if self.population is None or self.potential is None:
            return None
        uniforms = Noise(self.seed, tuple(samples), (1, 1, 1), self.predictor.device, self.number)
        return Swarm(self.population, self.potential, uniforms)

    def run(
        self,
        noise: NoiseSource,
        conditioning: Conditioning | None,
        others: Mapping[NoisePredictor, Conditioning] | None = None,
        swarm: Swarm | None = None,
    ) -> Trajectory:
        """A run of its own noise.

        Arguments:
            noise: Where its noise comes from.
            conditioning: What lies beside its samples.
            others: What other networks see beside them.
            swarm: What weighs the particles, where there are several a sample.
        """
        return Trajectory(
            self.denoiser,
            self.scheduler,
            self.plan,
            noise,
            self.rules,
            self.batch_size,
            self.predictor,
            conditioning,
            others or {},
            swarm,
            self.checkpointing,
        )


def assemble(
    denoiser: Denoiser,
    scheduler: Scheduler,
    predictor: NoisePredictor,
    *,
    constraints: Sequence[Constraint | Rule] = (),
    clip: Clip | None = None,
    batch_size: int | None = None,
    others: Sequence[NoisePredictor] = (),
    number: int = 0,
    seed: int = 0,
    prompts: tuple[str, ...] | None = None,
    shared: SharedWork | None = None,
) -> Assembly:
    """Put a stage together: clip, constraints bound to the canvas, and the plan as they want it.

    Arguments:
        denoiser: What the image shows, not clipped.
        scheduler: How to get there.
        predictor: Gives the noise levels, the size and the device.
        constraints: What to obey, in order: constraints, which are bound here, and rules.
        clip: How the clean image is kept in range; None for the predictor's own way.
        batch_size: Rows of a forward pass; None for one pass.
        others: Further networks of the denoiser.
        number, seed: Which stage it is, from 0; of the noise.
        prompts: What is shown, for constraints; None where that is not told.
        shared: What runs before this one have done already, for constraints.

    Raises:
        MisfitError: If constraints contradict the scheduler, the network or each other; says which.
    """
    kept = clip or predictor.clip
    shown = denoiser if kept is None or isinstance(kept, NoClip) else clipped(denoiser, kept)
    canvas = attrs.evolve(
        Canvas.of(predictor, shown, batch_size),
        prompts=None if prompts is None else tuple(prompts),
        shared=shared,
        count=predictor.count if isinstance(predictor, OnCanvas) else 1,
    )
    rules = tuple(_bound(each, canvas, place) for place, each in enumerate(constraints))
    along_its_path(shown, rules)
    differentiable = all(network.differentiable for network in (predictor, *others))
    scheduler = scheduler.bound_to(canvas)
    plan = fitted(scheduler, scheduler.plan(predictor.schedule), rules, differentiable=differentiable)
    return Assembly(shown, scheduler, predictor, plan, rules, batch_size, tuple(others), number, seed)


def _bound(constraint: Constraint | Rule, canvas: Canvas, place: int) -> Rule:
    """The rule of a constraint, whose refusal is told at its place."""
    if not isinstance(constraint, Constraint):
        return constraint
    try:
        return constraint.bound_to(canvas)
    except RecipeError as error:
        raise MisfitError({place: str(error)}) from error


def assembled(
    recipe: Recipe,
    predictor: NoisePredictor,
    load: Load,
    batch_size: int | None = None,
    number: int = 0,
    nodes: list[Node] | None = None,
    shared: SharedWork | None = None,
) -> Assembly:
    """One stage of a recipe, put together.

    Arguments:
        recipe: The part of it that is this stage's.
        predictor: The network of its ``[model]``, or its stand-in.
        load: Reads the other networks.
        batch_size, number: Rows of a forward pass, None for one pass; which stage it is, from 0.
        nodes: Where given, every subject inside is noted here: see `tree`.
        shared: What runs before this one have done already.
    """
    context = Context.of(predictor, recipe.model, load, shared)
    denoiser = tree(recipe, context, predictor, nodes)
    loaded = dict.fromkeys([*(context.load(model) for _, model in recipe.models), predictor])
    owner = predictor if recipe.canvas is None else on_canvas(recipe, predictor)
    stage = assemble(
        denoiser,
        recipe.scheduler,
        owner,
        constraints=recipe.constraint,
        clip=recipe.clip or recipe.model.clip or NoClip(),
        batch_size=batch_size,
        others=[other for other in loaded if other is not predictor],
        number=number,
        seed=recipe.run.seed,
        prompts=tuple(dict.fromkeys(recipe.subject.prompts())),
        shared=shared,
    )
    stage = attrs.evolve(stage, checkpointing=recipe.run.checkpointing)
    scale = recipe.model.image_shape[1] / recipe.model.shape[1]
    shown = () if recipe.population is None else readings(recipe.subject.scaled(scale))
    # Particles are whole canvases.
    return stage.carrying(recipe.population, attrs.evolve(context, canvas=Canvas.of(owner)), shown)
