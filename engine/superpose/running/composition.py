"""From a recipe to something that samples: every stage with its weights read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs

from superpose.errors import RecipeError
from superpose.estimate.problem import problems_of
from superpose.recipe import dumps
from superpose.recipe.patterns import several
from superpose.recipe.tables import Run
from superpose.running.assembly import assembled
from superpose.running.contradictions import place_of
from superpose.running.inputs import Inputs
from superpose.running.inspection import inspect
from superpose.running.networks import Networks

if TYPE_CHECKING:
    from superpose.estimate.shared_work import SharedWork
    from superpose.recipe import Recipe
    from superpose.running.assembly import Assembly
    from superpose.running.inspection import Inspection
    from superpose.sampling.loop import Trajectory

#: Rows of a forward pass where the recipe leaves them open and one sample needs fewer: below, a small network on a
#: CPU spends its time on overhead (one row takes half as long as four).
LEAST_ROWS = 4
#: Rows at most, likewise: a sample of many windows or particles makes more forward passes, and not larger ones.
MOST_ROWS = 64


@attrs.frozen(eq=False)
class Composition:
    """A recipe with its weights read, ready to sample.

    Attributes:
        recipe: What it was made from.
        stages: What paints, in order: each over the pictures of the one before.
        batch_size: Rows of a forward pass.
        inspection: Its cost, where the rows of a forward pass were counted by it.
    """

    recipe: Recipe
    stages: tuple[Assembly, ...]
    batch_size: int
    inspection: Inspection | None = None

    def _repr_html_(self) -> str:
        """Its recipe with every option written out, for notebooks."""
        return self.recipe._repr_html_()

    @property
    def last_stage(self) -> Composition:
        """The same with its last stage alone, which the others have gone before."""
        return attrs.evolve(self, stages=self.stages[-1:])

    def trajectory(self, samples: Sequence[int]) -> Trajectory:
        """The run of the samples with these numbers at the first stage, which most recipes have alone."""
        return self.stages[0].trajectory(samples)


def compose(recipe: Recipe, device: str = "cpu") -> Composition:
    """Read the weights and put everything together.

    Arguments:
        recipe: What to make.
        device: Where to run: a torch device.

    Raises:
        RecipeError: If the recipe contradicts itself, with every contradiction found, or names several files.
    """
    networks = Networks(recipe.run, device)
    composition = compose_of(recipe, networks)
    networks.hand_over()
    return composition


def compose_of(recipe: Recipe, networks: Networks) -> Composition:
    """The same of networks that may be read already, to which those that are read now are added."""
    if paths := several(recipe):
        cure = "run it with superpose run, which makes an image of each; or name one of them"
        raise RecipeError(f"{paths[0]} names several files: {cure}")
    inspection = None if recipe.run.batch_size else inspect(recipe)
    rows = batch_size_of(recipe, inspection)
    stages = tuple(_read(stage, number, rows, networks) for number, stage in enumerate(recipe.stages))
    return Composition(recipe, stages, rows, inspection)


def batch_size_of(recipe: Recipe, inspection: Inspection | None) -> int:
    """Rows of every forward pass: the recipe's, or as many as one sample needs, within bounds."""
    return recipe.run.batch_size or min(MOST_ROWS, max(LEAST_ROWS, inspection.rows if inspection else 0))


def _read(recipe: Recipe, number: int, rows: int, networks: Networks) -> Assembly:
    """One stage of a recipe, with its weights read."""
    predictor = networks.predictor(recipe.model)
    if found := problems_of(recipe.scheduler.problems, predictor.learned_variance):
        raise recipe.located((place_of(number, ("scheduler", *it.option)), str(it)) for it in found)
    return assembled(recipe, predictor, networks.read, rows, number, shared=_shared(recipe, networks))


def _shared(recipe: Recipe, networks: Networks) -> SharedWork | None:
    """The work of networks that outlive a run, as one stage of a recipe shares in it."""
    if networks.shared is None:
        return None
    inputs = Inputs()
    shown = dumps(attrs.evolve(recipe, constraint=(), population=None, run=Run()), inputs.name)
    return networks.shared.of_run(json.dumps([sorted(inputs.pictures), inputs.files], sort_keys=True), shown)
