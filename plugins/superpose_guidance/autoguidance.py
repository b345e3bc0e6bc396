"""Autoguidance: a network guided by a worse one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from superpose import (
    BoundGuidance,
    Context,
    Guidance,
    Model,
    Problem,
    Prompted,
    RecipeError,
    guided,
    option,
    problems_of,
)

if TYPE_CHECKING:
    from superpose import Condition, Denoiser, NoisePredictor


@attrs.frozen(kw_only=True)
class Autoguidance(Guidance):
    r"""Autoguidance: away from what a worse version of the network says, which is told the same prompt.

    .. math:: D(x) = w\,d_1(x) + (1 - w)\,d_0(x)

    where the second network is smaller, or was trained for less long or on less, and errs where the first does, only
    more so. That sharpens images without pulling them towards what is typical of the prompt, as ``cfg`` does. The
    negative prompt is not asked for. Both must have the same state and the same noise levels; what they predict
    (epsilon, v ...) may differ. The learned variance is that of the better one.
    """

    kind = "autoguidance"
    papers = ("arXiv 2406.02507",)
    model: Model = option(doc="the worse network: a table with its kind")
    scale: float = option(2.0, doc="w: 1 is no guidance, more goes further from the worse network", gt=0)

    @property
    def negates(self) -> bool:
        """It never asks for the negative prompt."""
        return False

    def problems(self, model: Model) -> Iterator[Problem]:
        """The two must paint the same states on the same noise levels."""
        try:
            shape, schedule = self.model.shape, self.model.schedule
        except RecipeError as error:
            yield Problem.of(error, "model")
            return
        if found := problems_of(self.model.problems):
            yield from (problem.inside("model") for problem in found)
            return
        if model.has_concat_conditioning or self.model.has_concat_conditioning:
            what = "autoguidance is for networks that see nothing beside the state, and one of the two does"
            yield Problem("", what, "use cfg")
        elif shape != model.shape:
            what = f"the worse network has states of {shape}, and the model of {model.shape}"
            yield Problem("model", what, "use one that was trained on the same")
        elif schedule != model.schedule:
            what = "the worse network was trained on other noise levels than the model"
            yield Problem("model", what, "use one with the same schedule")

    def prompt_problems(self, prompt: str) -> Iterator[Problem]:
        """A prompt that the worse network does not know."""
        yield from problems_of(self.model.prompt_problems, prompt)

    def bind(self, context: Context) -> BoundGuidance:
        """This guidance with the worse network read."""
        return ByAnother(context.load(self.model), context, self.scale)

    def denoiser(self, predictor: NoisePredictor, condition: Condition, negative: Condition) -> Denoiser:
        """Both networks, mixed; this reads the worse one, `bind` reads it once."""
        return self.bind(Context.of(predictor)).denoiser(predictor, condition, negative)


@attrs.frozen(eq=False)
class ByAnother(BoundGuidance):
    """Autoguidance with its second network at hand.

    Attributes:
        worse: The second network.
        context: Where conditions are made.
        scale: w.
    """

    worse: NoisePredictor
    context: Context
    scale: float

    def denoiser(self, predictor: NoisePredictor, condition: Condition, negative: Condition) -> Denoiser:
        """Both networks, mixed; by itself a network is not guided."""
        del negative
        better = Prompted(predictor, condition)
        if self.worse is predictor:
            return better
        return guided(better, Prompted(self.worse, self.context.same(self.worse, condition)), self.scale)

    def unprompted(self, predictor: NoisePredictor, negative: Condition) -> Denoiser:
        """Both networks without a prompt."""
        return self.denoiser(predictor, negative, negative)
