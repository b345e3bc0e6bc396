"""Guidance in an interval of the noise, or of the steps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from superpose import (
    BoundGuidance,
    Denoiser,
    Guidance,
    LawError,
    Problem,
    Prompted,
    RecipeError,
    RunError,
    option,
    problems_of,
)

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Condition, Context, Estimation, Model, NoiseLevel, NoisePredictor


@attrs.frozen(kw_only=True)
class Interval(Guidance):
    r"""Guidance where it helps: that of ``base`` inside an interval; outside the prompt alone, which costs nothing.

    At much noise guidance throws variety away, and at little noise it changes hardly anything; in between it can be
    stronger than it could be everywhere. The interval is one of noise levels, as in the paper,

    .. math:: \sigma_\mathrm{low} < \sigma_t / \alpha_t \le \sigma_\mathrm{high}

    or one of the steps, from the share ``start`` of them up to the share ``stop``. Where both are given it guides
    where they overlap. Steps that climb count as steps. With ``outside`` another guidance takes over there, such as a
    weaker one.
    """

    kind = "interval"
    papers = ("arXiv 2404.07724",)
    base: Guidance = option(doc="the guidance inside the interval: a table with its kind")
    sigma_low: float = option(0.0, doc="it guides above this ratio of noise to signal", ge=0)
    sigma_high: float | None = option(None, doc="and up to this one; however much noise there is when not given", gt=0)
    start: float = option(0.0, doc="it guides from this share of the steps on", ge=0, le=1)
    stop: float = option(1.0, doc="and up to this one", ge=0, le=1)
    outside: Guidance | None = option(None, doc="the guidance outside it; the prompt alone when not given")

    def __attrs_post_init__(self) -> None:
        """Refuse an interval with nothing in it."""
        if self.start >= self.stop:
            raise RecipeError(f"start = {self.start:g} must be less than stop = {self.stop:g}")
        if self.sigma_high is not None and self.sigma_low >= self.sigma_high:
            raise RecipeError(f"sigma_low = {self.sigma_low:g} must be less than sigma_high = {self.sigma_high:g}")

    @property
    def negates(self) -> bool:
        """True where one of them asks for the negative prompt."""
        return any(guidance.negates for guidance in self._both)

    @property
    def _both(self) -> tuple[Guidance, ...]:
        return (self.base,) if self.outside is None else (self.base, self.outside)

    def problems(self, model: Model) -> Iterator[Problem]:
        """Problems of one of them with guiding a model."""
        for place, guidance in zip(("base", "outside"), self._both, strict=False):
            yield from (problem.inside(place) for problem in problems_of(guidance.problems, model))

    def prompt_problems(self, prompt: str) -> Iterator[Problem]:
        """Problems of one of them with guiding towards a prompt."""
        for guidance in self._both:
            yield from problems_of(guidance.prompt_problems, prompt)

    def bind(self, context: Context) -> BoundGuidance:
        """The same around guidances that are bound."""
        return Around(self.base.bind(context), None if self.outside is None else self.outside.bind(context), self)

    def denoiser(self, predictor: NoisePredictor, condition: Condition, negative: Condition) -> Denoiser:
        """Both, one of which is asked at a time."""
        return Around(self.base, self.outside, self).denoiser(predictor, condition, negative)

    def holds(self, level: NoiseLevel) -> bool:
        """True where ``level`` is inside.

        Raises:
            RunError: If the interval is one of steps, and the level does not say in which step it is asked at.
        """
        if not self.sigma_low < level.ratio <= (math.inf if self.sigma_high is None else self.sigma_high):
            return False
        if (self.start, self.stop) == (0, 1):
            return True
        if level.step is None:
            raise RunError(
                "guidance in a share of the steps must know the step, and this level does not: sample along a plan, "
                "or ask at plan.asked(step)"
            )
        first, end = (_whole(share * level.step.total) for share in (self.start, self.stop))
        return first <= level.step.index < end


def _whole(steps: float) -> int:
    """Whole steps: 0.29 of 100 are 29, though the product is less."""
    return math.floor(steps + 1e-9)


@attrs.frozen(eq=False)
class Around(BoundGuidance):
    """An interval around a guidance that is bound."""

    base: BoundGuidance
    outside: BoundGuidance | None
    interval: Interval

    def denoiser(self, predictor: NoisePredictor, condition: Condition, negative: Condition) -> Denoiser:
        """Both, one of which is asked at a time."""
        told = predictor, condition, negative
        outside = Prompted(predictor, condition) if self.outside is None else self.outside.denoiser(*told)
        return Within(self.base.denoiser(*told), outside, self.interval)

    def unprompted(self, predictor: NoisePredictor, negative: Condition) -> Denoiser:
        """Those of both."""
        outside = self.outside.unprompted(predictor, negative) if self.outside else Prompted(predictor, negative)
        return Within(self.base.unprompted(predictor, negative), outside, self.interval)


@attrs.frozen(eq=False)
class Within(Denoiser):
    """One denoiser inside an interval, another outside."""

    inside: Denoiser
    outside: Denoiser
    interval: Interval

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Estimate of the one that is asked at ``level``."""
        return (self.inside if self.interval.holds(level) else self.outside).estimate(x, level)

    def with_dispersion(self) -> Denoiser:
        """The same, where the beginning is inside: from the end of the interval on, its images are denoised further.

        Raises:
            LawError: If the beginning is outside. What has been drawn from one density is not drawn from another then.
        """
        if self.interval.sigma_high is not None or self.interval.start > 0:
            raise LawError(
                f"{self.interval.kind} that begins on the way changes the density it draws from (leave out sigma_high "
                "and start)"
            )
        return attrs.evolve(self, inside=self.inside.with_dispersion(), outside=self.outside.with_dispersion())
