"""Guidance with a strength for each part of the image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from superpose import BoundGuidance, Decomposition, Guidance, Problem, RecipeError, factorized, option, problems_of

if TYPE_CHECKING:
    from superpose import Condition, Context, Denoiser, Model, NoisePredictor


@attrs.frozen(kw_only=True)
class Banded(Guidance):
    r"""A guidance for each part of a decomposition: strong where it helps, weak where it burns.

    .. math:: D(x) = \sum_i F_i\, d_i(x)

    where part i of the image is that of guidance i. With the bands of a ``laplacian`` pyramid and a ``cfg`` each it is
    frequency-decoupled guidance: low frequencies hold colours and the layout, which strong guidance oversaturates, high
    ones hold detail, which it makes crisp. Any decomposition and any guidances go together; what several of them ask is
    asked once.
    """

    kind = "banded"
    papers = ("arXiv 2506.19713",)
    decomposition: Decomposition = option(doc="how the image is taken apart: a table with its kind")
    base: tuple[Guidance, ...] = option(doc="the guidance of each part, in the order of the parts: tables with a kind")

    def __attrs_post_init__(self) -> None:
        """Refuse a number of guidances that is not that of the parts."""
        names = self.decomposition.names
        if len(self.base) != len(names):
            raise RecipeError(
                f"base has {len(self.base)} guidances, and must have one for each part of "
                f"{self.decomposition.kind}: {', '.join(names)}"
            )

    @property
    def negates(self) -> bool:
        """True where one of them asks for the negative prompt."""
        return any(guidance.negates for guidance in self.base)

    def problems(self, model: Model) -> Iterator[Problem]:
        """Problems of one of them with guiding a model, and those of taking its images apart."""
        for problem in problems_of(self.decomposition.problems, model.shape):
            yield problem.inside("decomposition")
        for i, guidance in enumerate(self.base):
            yield from (problem.inside("base", i) for problem in problems_of(guidance.problems, model))

    def check_prompt(self, prompt: str) -> None:
        """Raise `PromptError` if one of them can't guide towards that prompt."""
        for guidance in self.base:
            guidance.check_prompt(prompt)

    def bind(self, context: Context) -> BoundGuidance:
        """The same with each guidance bound."""
        return Bound(self.decomposition, tuple(guidance.bind(context) for guidance in self.base))

    def denoiser(self, predictor: NoisePredictor, condition: Condition, negative: Condition) -> Denoiser:
        """Estimates of each for the prompt, put together."""
        return Bound(self.decomposition, self.base).denoiser(predictor, condition, negative)


@attrs.frozen(eq=False)
class Bound(BoundGuidance):
    """A decomposition with a guidance that is bound for each of its parts."""

    decomposition: Decomposition
    base: tuple[BoundGuidance, ...]

    def denoiser(self, predictor: NoisePredictor, condition: Condition, negative: Condition) -> Denoiser:
        """Estimates of each for the prompt, put together."""
        inner = [guidance.denoiser(predictor, condition, negative) for guidance in self.base]
        return factorized(self.decomposition, inner)

    def unprompted(self, predictor: NoisePredictor, negative: Condition) -> Denoiser:
        """Those of each, put together."""
        return factorized(self.decomposition, [guidance.unprompted(predictor, negative) for guidance in self.base])
