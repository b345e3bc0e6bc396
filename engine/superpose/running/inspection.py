"""A recipe held against itself on a stand-in that has read no weights, and its cost, counted by asking for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import attrs
import torch

from superpose.errors import LawError, RecipeError
from superpose.estimate.batching import BatchedEvaluator
from superpose.estimate.lawful import departure, unlawful
from superpose.estimate.mix import TOLERANCE
from superpose.estimate.predictor import Conditioning
from superpose.estimate.process import GAUSSIAN
from superpose.recipe.mistakes import MistakesError
from superpose.recipe.patterns import several
from superpose.running.assembly import Assembly, assembled
from superpose.running.contradictions import contradictions, place_of
from superpose.running.rehearsal import SameNoise, rehearsed
from superpose.running.several import members_of
from superpose.running.stand_in import Coded, StandIn, StandInClassifier, stand_in
from superpose.running.tree import Node, Path
from superpose.sampling.fitting import MisfitError, NoDensityError, UncarriedError, unlawful_wraps
from superpose.sampling.rule import told

if TYPE_CHECKING:
    from superpose.estimate.classifier import Classifier
    from superpose.estimate.context import Load
    from superpose.estimate.model import Model
    from superpose.levels.noise_level import NoiseLevel
    from superpose.levels.plan import Plan
    from superpose.recipe import Recipe
    from superpose.sampling.rule import Rule

#: Levels of a plan at which the law is probed, at most.
PROBES = 32


@attrs.frozen
class Cost:
    """Cost of one stage of a recipe.

    Attributes:
        rows: Network rows of one sample and one forward pass, duplicates removed; the most that any level asks.
        evaluations: Forward passes of the networks for one sample in the whole run, those of inversion included.
        total: Network rows of all of them.
        judged: Rows of a classifier, forth and back, beside an evaluation; the most that any level asks.
        networks: How many networks are asked, each with forward passes of its own.
        encoded: Pictures that an encoder of latents is given for one sample in the whole run.
        decoded: Latents that a decoder is given, likewise.
        back: Those of both whose gradient is asked for, too.

    All are those of every particle, where a population carries several a sample; of its own potential they say nothing,
    nor of pictures that are encoded once for all samples.
    """

    rows: int
    evaluations: int
    total: int
    judged: int = 0
    networks: int = 1
    encoded: int = 0
    decoded: int = 0
    back: int = 0


@attrs.frozen
class Inspection:
    """Inspection of a recipe before any weight is read; its own figures are those of the whole run.

    Attributes:
        stages: Cost of each stage, in order; a run without a cascade has one.
    """

    stages: tuple[Cost, ...]

    @property
    def rows(self) -> int:
        """Network rows of one sample and one forward pass, duplicates removed; the most that any level asks."""
        return max(stage.rows for stage in self.stages)

    @property
    def evaluations(self) -> int:
        """Forward passes of the networks for one sample in the whole run."""
        return sum(stage.evaluations for stage in self.stages)

    @property
    def total(self) -> int:
        """Network rows of all of them."""
        return sum(stage.total for stage in self.stages)

    @property
    def judged(self) -> int:
        """Rows of a classifier, forth and back, beside an evaluation; the most that any level asks."""
        return max(stage.judged for stage in self.stages)

    @property
    def networks(self) -> int:
        """Number of networks that are asked."""
        return sum(stage.networks for stage in self.stages)

    @property
    def encoded(self) -> int:
        """Pictures that encoders are given for one sample in the whole run."""
        return sum(stage.encoded for stage in self.stages)

    @property
    def decoded(self) -> int:
        """Latents that decoders are given for one sample in the whole run."""
        return sum(stage.decoded for stage in self.stages)

    @property
    def back(self) -> int:
        """Those of both whose gradient is asked for, too."""
        return sum(stage.back for stage in self.stages)


def inspect(recipe: Recipe) -> Inspection:
    """Check a recipe against itself, reading no weights.

    Raises:
        RecipeError: If the recipe contradicts itself, with every contradiction found.
    """
    if found := contradictions(recipe):
        raise recipe.located(found)
    if several(recipe):  # all cost the same
        with members_of(recipe) as found_files:
            return inspect(found_files.members[0].recipe)
    stages = enumerate(recipe.stages)
    return Inspection(tuple(_inspected(stage, partial(place_of, number, recipe=recipe)) for number, stage in stages))


def _inspected(recipe: Recipe, place: Callable[[Path], Path]) -> Cost:
    coded = Coded()
    counter = StandIn(recipe.model, [], coded)
    judged: list[int] = []
    nodes: list[Node] = []
    networks: list[StandIn | StandInClassifier] = [counter]

    def stand_in_for(kind: Model | Classifier) -> StandIn | StandInClassifier:
        networks.append(stand_in(kind, counter.rounds, judged, coded))
        return networks[-1]

    stage = _assembled(recipe, counter, stand_in_for, nodes, place)
    # One that hides what lies beside the state asks more rows of a network that sees any.
    said = sum(group.channels for group in counter.concat_conditioning)
    laid = (said or counter.shape[0]) if recipe.model.has_concat_conditioning else 0
    conditioning = Conditioning(torch.zeros(1, laid, *stage.predictor.shape[1:])) if laid else None
    levels = _probed(stage.plan, recipe)
    if fault := _unlawful(nodes, levels, laid):
        raise recipe.located([fault])
    whole = nodes[-1]
    rules = _told(stage, conditioning, recipe, place)
    for i, why in unlawful_wraps(whole.denoiser, rules, whole.shape, levels, laid):
        raise recipe.located([(place(("constraint", i)), why)])
    judged.clear()
    try:
        run = stage.run(SameNoise(stage.predictor.shape), conditioning)
        asked, *passes = rehearsed(run, counter.rounds, coded.encoded, coded.decoded, coded.back)
    except RecipeError as error:
        raise recipe.located([((), str(error))]) from error
    size = recipe.population.size if recipe.population else 1
    busy = sum(isinstance(network, StandIn) and network.asked for network in networks)
    rows, read = (max(counted, default=0) * size for counted in (counter.rounds, judged))
    encoded, decoded, back = (pictures * size for _, pictures in passes)
    if not recipe.scheduler.renders:  # a picture that is drawn is written as it is
        decoded += _decoded_at_last(stage, coded)
    return Cost(rows, asked[0], asked[1] * size, read, busy, encoded, decoded, back)


def _decoded_at_last(stage: Assembly, coded: Coded) -> int:
    """Latents of one finished sample that a decoder is given: one a canvas."""
    coded.decoded.clear()
    with torch.no_grad():
        stage.predictor.decode(torch.zeros(1, *stage.predictor.shape))
    return sum(coded.decoded)


def _assembled(
    recipe: Recipe, counter: StandIn, load: Load, nodes: list[Node], place: Callable[[Path], Path]
) -> Assembly:
    """The stage put together; what does not fit is told at its place."""
    try:
        return assembled(recipe, counter, load, nodes=nodes)
    except MistakesError:
        raise
    except MisfitError as error:
        raise recipe.located((place(("constraint", i)), why) for i, why in error.found.items()) from error
    except UncarriedError as error:
        raise recipe.located([(("population",), str(error))]) from error
    except NoDensityError as error:
        raise recipe.located([(_without_density(nodes), str(error))]) from error
    except (LawError, RecipeError) as error:
        raise recipe.located([((), str(error))]) from error


def _told(
    stage: Assembly, conditioning: Conditioning | None, recipe: Recipe, place: Callable[[Path], Path]
) -> list[Rule]:
    """The rules of the stage, told its plan; what is no plan for one is told at its place."""
    rules: list[Rule] = []
    for i, rule in enumerate(stage.rules):
        try:
            rules += told([rule], stage.plan, conditioning)
        except RecipeError as error:
            raise recipe.located([(place(("constraint", i)), str(error))]) from error
    return rules


def _probed(plan: Plan, recipe: Recipe) -> list[NoiseLevel]:
    """Levels, each in its step, at which the law is probed: a guidance may do otherwise at some than at others."""
    if recipe.model.process.name != GAUSSIAN:
        return []  # white noise is no state there
    descents = [plan.asked(step) for step in range(plan.steps) if not plan.climbs(step)]
    if recipe.models:  # without a signal there is no image that networks of two processes could agree on
        descents = [level for level in descents if level.alpha > 0]
    return descents[:: 1 + len(descents) // PROBES]


def _unlawful(nodes: Sequence[Node], levels: Sequence[NoiseLevel], conditioning: int) -> tuple[Path, str] | None:
    """The place of the first fault and what it is, innermost first; None where all is lawful.

    The last node is the whole: asking it also counts the rows, and where it is lawful nothing else is asked.
    """
    *parts, whole = nodes
    if _fault(whole, levels, conditioning) is None:
        return None
    faults = (_fault(node, levels, conditioning) for node in (*parts, whole))
    return next(fault for fault in faults if fault is not None)


def _without_density(nodes: Sequence[Node]) -> Path:
    """The place of the innermost subject that is no product of densities."""
    for node in nodes:
        try:
            node.denoiser.with_dispersion()
        except LawError as error:
            return node.path + _term(node, error)
    return ()


def _term(node: Node, error: LawError) -> Path:
    """The last steps to the term at fault; none where no single one is."""
    return () if error.term is None else dict(enumerate(node.places)).get(error.term, ())


def _fault(node: Node, levels: Sequence[NoiseLevel], conditioning: int) -> tuple[Path, str] | None:
    try:
        node.denoiser.check(node.shape)
        for level in levels:
            if (off := departure(node.denoiser, node.shape, level, BatchedEvaluator(), conditioning)) > TOLERANCE:
                return node.path, unlawful(str(node.path[-1]), off, level)
    except LawError as error:
        return node.path + _term(node, error), str(error)
    return None
