"""From a recipe to something that samples: the tree of denoisers, the plan, the rules."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs

from superpose.estimate.canvas import Canvas
from superpose.estimate.context import Context
from superpose.estimate.problem import problems_of
from superpose.recipe import dumps
from superpose.running.contradictions import place_of
from superpose.running.inspection import inspect
from superpose.running.tree import tree
from superpose.sampling.fitting import fitted
from superpose.sampling.loop import Trajectory, conditioning_of
from superpose.sampling.noise import Noise

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.denoiser import Denoiser
    from superpose.estimate.predictor import NoisePredictor
    from superpose.levels.plan import Plan
    from superpose.recipe import Recipe
    from superpose.running.inspection import Inspection
    from superpose.sampling.rule import Rule

#: Rows of a forward pass where the recipe leaves them open and one sample needs fewer: below, a small network on a
#: CPU spends its time on overhead (one row takes half as long as four).
LEAST_ROWS = 4


@attrs.frozen(eq=False)
class Composition:
    """A recipe with its weights read, ready to sample.

    Attributes:
        recipe: What it was made from; of several stages, the part that is this one's.
        predictor: The network.
        denoiser: What the image shows.
        plan: The levels visited.
        rules: The constraints, bound to the model's size and device.
        batch_size: Rows of a forward pass.
        number: Which stage it is, from 0.
        then: The stage that paints over its pictures; None for the last.
        others: Further networks that paint on the same canvas.
        inspection: Its cost, on the first stage, where the rows of a forward pass were counted by it.
    """

    recipe: Recipe
    predictor: NoisePredictor
    denoiser: Denoiser
    plan: Plan
    rules: tuple[Rule, ...]
    batch_size: int
    number: int = 0
    then: Composition | None = None
    others: tuple[NoisePredictor, ...] = ()
    inspection: Inspection | None = None

    @property
    def stages(self) -> tuple[Composition, ...]:
        """This stage and those that follow, in order."""
        return (self, *(self.then.stages if self.then else ()))

    def _repr_html_(self) -> str:
        """The recipe with every option written out, for notebooks."""
        return f"<pre>{html.escape(dumps(self.recipe))}</pre>"

    def trajectory(self, samples: Sequence[int], low: Tensor | None = None) -> Trajectory:
        """The run of the samples with these numbers; sample k is the same in every run that has it.

        Arguments:
            samples: Their numbers.
            low: Their pictures at the stage before, where there was one.
        """
        noise = Noise(self.recipe.run.seed, tuple(samples), self.predictor.shape, self.predictor.device, self.number)
        conditioning = conditioning_of(self.predictor, noise, low)
        others = {other: laid for other in self.others if (laid := conditioning_of(other, noise))}
        return Trajectory(
            self.denoiser,
            self.recipe.scheduler,
            self.plan,
            noise,
            self.rules,
            self.batch_size,
            self.predictor,
            conditioning,
            others,
        )


def compose(recipe: Recipe, device: str = "cpu") -> Composition:
    """Read the weights and put everything together.

    Arguments:
        recipe: What to make.
        device: Where to run: a torch device.

    Raises:
        RecipeError: If the recipe contradicts itself, with every contradiction found.
    """
    inspection = None if recipe.run.batch_size else inspect(recipe)
    rows = max(LEAST_ROWS, *(stage.rows for stage in inspection.stages)) if inspection else recipe.run.batch_size
    return attrs.evolve(_composed(recipe.stages, 0, rows, device), inspection=inspection)


def _composed(stages: Sequence[Recipe], number: int, rows: int, device: str) -> Composition:
    """The stage of that number, and those that follow it."""
    recipe = stages[number]
    predictor = recipe.model.load(device, recipe.run.dtype)
    if found := problems_of(recipe.scheduler.problems, predictor.learned_variance):
        raise recipe.located((place_of(number, ("scheduler", *it.option)), str(it)) for it in found)
    context = Context.of(predictor, recipe.model, lambda kind: kind.load(device, recipe.run.dtype))
    denoiser = tree(recipe, context, predictor)
    loaded = dict.fromkeys(context.load(model) for _, model in recipe.models)
    others = tuple(other for other in loaded if other is not predictor)
    canvas = Canvas.of(predictor, denoiser, rows)
    rules = tuple(constraint.bound_to(canvas) for constraint in recipe.constraint)
    plan = recipe.scheduler.plan(predictor.schedule)
    differentiable = all(network.differentiable for network in (predictor, *others))
    plan = fitted(recipe.scheduler, plan, rules, differentiable=differentiable)
    then = _composed(stages, number + 1, rows, device) if number + 1 < len(stages) else None
    return Composition(recipe, predictor, denoiser, plan, rules, rows, number, then, others)
