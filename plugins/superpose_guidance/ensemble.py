"""Ensembles: several networks that are told the same prompt, and their mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from superpose import (
    BoundGuidance,
    Context,
    Guidance,
    Mix,
    Model,
    Problem,
    Prompted,
    RecipeError,
    Term,
    option,
    problems_of,
)

if TYPE_CHECKING:
    from superpose import Condition, Denoiser, NoisePredictor


@attrs.frozen(kw_only=True)
class Ensemble(Guidance):
    r"""The mean of several networks that are told the same prompt: fine-tunes, or trainings from other seeds.

    .. math:: D(x) = \sum_i w_i\,d_i(x) \qquad \sum_i w_i = 1

    where each :math:`d_i` is guided by ``base``. What one of them gets wrong the others may not. All must have the same
    states and noise levels; what they predict (epsilon, v ...) may differ. Two equal networks are one, and asked once.
    The mean of weights instead, which asks one network alone, is the model ``soup``.
    """

    kind = "ensemble"
    models: tuple[Model, ...] = option(doc="the networks beside the recipe's own: a list of tables with their kinds")
    weights: tuple[float, ...] = option(
        (), doc="shares of the recipe's own network and of each of the others; equal when not given", gt=0, each=True
    )
    base: Guidance | None = option(None, doc="the guidance of each; the prompt alone when not given")

    def __attrs_post_init__(self) -> None:
        """Refuse an ensemble of one, and shares of others than there are."""
        if not self.models:
            raise RecipeError("models is empty: an ensemble has at least one network beside the recipe's own")
        if self.weights and len(self.weights) != 1 + len(self.models):
            what = f"{len(self.weights)} weights for {1 + len(self.models)} networks, the recipe's own being the first"
            raise RecipeError(what)

    @property
    def negates(self) -> bool:
        """True where the guidance of each asks for the negative prompt."""
        return self.base is not None and self.base.negates

    def problems(self, model: Model) -> Iterator[Problem]:
        """All must paint the same states on the same noise levels."""
        for other in self.models:
            yield from _misfits(other, model)
        if self.base is not None:
            for guided in (model, *self.models):
                yield from (it.inside("base") for it in problems_of(self.base.problems, guided))

    def prompt_problems(self, prompt: str) -> Iterator[Problem]:
        """A prompt that one of them does not know."""
        for other in self.models:
            yield from problems_of(other.prompt_problems, prompt)
        if self.base is not None:
            yield from problems_of(self.base.prompt_problems, prompt)

    def bind(self, context: Context) -> BoundGuidance:
        """This guidance with its networks read."""
        members = tuple(_Member.of(self, context, model) for model in self.models)
        own = None if self.base is None else self.base.bind(context)
        shares = self.weights or (1.0,) * (1 + len(members))
        return Together(own, members, tuple(share / sum(shares) for share in shares))

    def denoiser(self, predictor: NoisePredictor, condition: Condition, negative: Condition) -> Denoiser:
        """All networks, mixed; this reads them, `bind` reads them once."""
        return self.bind(Context.of(predictor)).denoiser(predictor, condition, negative)


def _misfits(other: Model, model: Model) -> Iterator[Problem]:
    try:
        same = (other.shape, other.schedule) == (model.shape, model.schedule)
    except RecipeError as error:
        yield Problem.of(error, "models")
        return
    if found := problems_of(other.problems):
        yield from (problem.inside("models") for problem in found)
    elif model.has_concat_conditioning or other.has_concat_conditioning:
        what = "an ensemble is of networks that see nothing beside the state, and one of these does"
        yield Problem("models", what, "use cfg")
    elif not same:
        what = f"{other.kind} has other states or noise levels than {model.kind}"
        yield Problem("models", what, "take networks that were trained on the same")


@attrs.frozen(eq=False)
class _Member:
    """A network of an ensemble, with its guidance and what makes its conditions.

    Attributes:
        predictor: The network.
        guidance: Its guidance; None for none.
        context: Its surroundings.
    """

    predictor: NoisePredictor
    guidance: BoundGuidance | None
    context: Context

    @classmethod
    def of(cls, ensemble: Ensemble, context: Context, model: Model) -> _Member:
        predictor = context.load(model)
        mine = context.around(predictor, model.unconditional)
        return cls(predictor, None if ensemble.base is None else ensemble.base.bind(mine), mine)

    def told(self, prompt: str) -> Condition:
        return self.context.condition(self.predictor, prompt)


@attrs.frozen(eq=False)
class Together(BoundGuidance):
    """An ensemble with its networks at hand.

    Attributes:
        own: Guidance of the recipe's own network; None for none.
        members: The others.
        shares: Of all, that of the recipe's own first; they sum to 1.
    """

    own: BoundGuidance | None
    members: tuple[_Member, ...]
    shares: tuple[float, ...]

    def denoiser(self, predictor: NoisePredictor, condition: Condition, negative: Condition) -> Denoiser:
        """All networks, mixed."""
        first = self.own.denoiser(predictor, condition, negative) if self.own else Prompted(predictor, condition)
        others = [
            it.guidance.denoiser(it.predictor, it.told(condition.prompt), it.told(negative.prompt))
            if it.guidance
            else Prompted(it.predictor, it.told(condition.prompt))
            for it in self.members
        ]
        return self._mean([first, *others])

    def unprompted(self, predictor: NoisePredictor, negative: Condition) -> Denoiser:
        """All networks without a prompt, mixed."""
        first = self.own.unprompted(predictor, negative) if self.own else Prompted(predictor, negative)
        others = [
            it.guidance.unprompted(it.predictor, it.told(negative.prompt))
            if it.guidance
            else Prompted(it.predictor, it.told(negative.prompt))
            for it in self.members
        ]
        return self._mean([first, *others])

    def _mean(self, denoisers: list[Denoiser]) -> Mix:
        terms = (Term(it, share, variance_weight=share) for it, share in zip(denoisers, self.shares, strict=True))
        return Mix(tuple(terms), name="ensemble")
