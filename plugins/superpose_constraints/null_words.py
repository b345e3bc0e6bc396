"""Null-text inversion: words learned for each step in the place of the negative prompt."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs
import torch
from torch.nn.functional import mse_loss

from superpose import (
    BatchedEvaluator,
    Clipped,
    Condition,
    Denoiser,
    Plan,
    Query,
    RecipeError,
    differentiable,
    inverted_states,
    marked,
    moved,
    prompted,
    with_gradient,
)
from superpose_constraints.steps import no_noise, step_of

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Estimation, NoiseLevel, NoisePredictor, Remembered

#: What the threshold grows by in each step, and what part of the rate is lost, as in the original.
SLACK, SLOWER = 2e-5, 1 / 100


@attrs.frozen(eq=False)
class Learned:
    """The words learned along a plan.

    Attributes:
        states: Those of the inverted image at every level of the plan, each (1, C, H, W).
        negative: The condition in whose place the others are.
        conditions: One for each step.
        losses: The last loss of each step.
        counts: How many times each step was learned.
        reached: The guided states after each step, each (1, C, H, W).
    """

    states: list[Tensor]
    negative: Condition
    conditions: list[Condition] = attrs.field(factory=list)
    losses: list[float] = attrs.field(factory=list)
    counts: list[int] = attrs.field(factory=list)
    reached: list[Tensor] = attrs.field(factory=list)


@attrs.frozen(kw_only=True, eq=False)
class NullWords:
    """The learning, with all that it needs.

    Attributes:
        predictor: The network.
        denoiser: What the recipe shows, guided and clipped.
        shown: The prompt of that.
        told: What the image shows.
        image: The image as a state, shape (1, C, H, W).
        inner: Times that it learns in a step, at most.
        epsilon: Loss from which on a step is learned.
        rate: Of Adam, in the first step.
    """

    predictor: NoisePredictor
    denoiser: Denoiser
    shown: str
    told: Condition
    image: Tensor
    inner: int = 10
    epsilon: float = 1e-5
    rate: float = 1e-2

    def learn(self, plan: Plan) -> Learned:
        """Invert the image, and learn step by step.

        Raises:
            RecipeError: If there is no guidance, or one that starts from more than one prompt.
        """
        plain, clip = prompted(self.predictor, self.told), self.predictor.clip
        explained = plain if clip is None else Clipped(plain, clip)
        states = inverted_states(explained, self.image, plan, ask="there")
        learned = Learned(states, self._negative(states[0], plan.asked(0)))
        x, condition = states[0], learned.negative
        remembered: Remembered = ()
        for step in range(plan.steps):
            move = Move(self, plan, step, x, remembered)
            condition = self._learnt(learned, move, condition, states[step + 1])
            with torch.no_grad():
                x, remembered = move.made(condition)
            learned.conditions.append(condition)
            learned.reached.append(x)
        return learned

    def _learnt(self, learned: Learned, move: Move, condition: Condition, wanted: Tensor) -> Condition:
        """The condition by which a step leads to the state that is wanted, going on from that of the step before."""
        words = {name: each.detach().clone() for name, each in condition.tensors.items() if _is_words(each)}
        rest = {name: each for name, each in condition.tensors.items() if name not in words}
        if condition.tensors and not words:
            raise RecipeError("null-text learns words, and this network is told none: use a model of text")
        optimizer = torch.optim.Adam(words.values(), lr=self.rate * (1 - move.step * SLOWER)) if words else None
        loss, count = 0.0, 0
        while count < self.inner:
            # A new condition each time: those that are asked again are gathered once.
            told = Condition(condition.prompt, {**rest, **words})
            with torch.enable_grad():
                for each in words.values():
                    each.requires_grad_()
                off = mse_loss(move.made(told, learning=True)[0], wanted)
                if optimizer is not None:  # while a recipe is only checked there are no words
                    optimizer.zero_grad()
                    torch.autograd.backward(off)
                    optimizer.step()
            loss, count = float(off.detach()), count + 1
            if loss < self.epsilon + move.step * SLACK and words:
                break
        learned.losses.append(loss)
        learned.counts.append(count)
        return Condition(condition.prompt, {**rest, **{name: each.detach() for name, each in words.items()}})

    def _negative(self, x: Tensor, level: NoiseLevel) -> Condition:
        """The one condition besides what is shown that the guidance asks about."""
        found: dict[str, Condition] = {}

        def mark(query: Query) -> Query:
            if query.predictor is self.predictor and query.condition.prompt != self.shown:
                found[query.condition.prompt] = query.condition
            return query

        BatchedEvaluator()(Marked(self.denoiser, mark), x, level)
        if len(found) != 1:
            told = " and ".join(map(repr, found)) or "no prompt besides"
            raise RecipeError(f"null-text learns the one prompt that guidance starts from, and here is {told}: use cfg")
        return next(iter(found.values()))


def _is_words(tensor: Tensor) -> bool:
    return tensor.is_floating_point() and tensor.ndim == 3


@attrs.frozen(eq=False)
class Move:
    """A guided step of the image, as it depends on what guidance starts from.

    Attributes:
        words: What is learned.
        plan: The plan.
        step: Number of the step.
        x: The state before it, shape (1, C, H, W).
        remembered: What denoisers remember.
    """

    words: NullWords
    plan: Plan
    step: int
    x: Tensor
    remembered: Remembered

    def made(self, negative: Condition, *, learning: bool = False) -> tuple[Tensor, Remembered]:
        """The state after it, and what denoisers remember then."""
        words, level = self.words, self.plan.asked(self.step)
        here, there = self.plan.levels[self.step : self.step + 2]

        def mark(query: Query) -> Query:
            if query.predictor is not words.predictor:
                return query
            if query.condition.prompt == words.shown:
                return query._replace(condition=words.told, gradient=False)
            return query._replace(condition=negative)

        guided = Marked(words.denoiser, mark, learning)
        estimate, after = BatchedEvaluator().remembering(guided, self.x, level, self.remembered)
        estimate = with_gradient(estimate, level)
        return moved(self.x, estimate.clean, here, there, no_noise, renoise=estimate.renoise), after


@attrs.frozen(eq=False)
class Marked(Denoiser):
    """A denoiser whose queries are changed.

    Attributes:
        inner: The denoiser.
        mark: How.
        learning: Whether torch is to differentiate through the networks.
    """

    inner: Denoiser
    mark: Callable[[Query], Query]
    learning: bool = False

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Its estimate."""
        run = self.inner.estimate(x, level)
        return (yield from marked(differentiable(run) if self.learning else run, self.mark))


@attrs.frozen(eq=False)
class TellingNull(Denoiser):
    """A denoiser told in each step what was learned for it, in the place of the negative prompt.

    Attributes:
        inner: The denoiser.
        predictor: The network.
        learned: Gives what was learned.
    """

    inner: Denoiser
    predictor: NoisePredictor
    learned: Callable[[], Learned]

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Its estimate."""
        learned, step = self.learned(), step_of(level, "null-text has learned what to start from for each step")

        def mark(query: Query) -> Query:
            mine = query.predictor is self.predictor and query.condition.prompt == learned.negative.prompt
            return query._replace(condition=learned.conditions[step.index]) if mine else query

        return (yield from marked(self.inner.estimate(x, level), mark))
