"""Guidance that keeps the contrast which the prompt alone has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from superpose import BoundGuidance, Denoiser, Guidance, Problem, Prompted, option, problems_of, together

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Condition, Context, Estimation, Model, NoiseLevel, NoisePredictor


@attrs.frozen(kw_only=True)
class Rescale(Guidance):
    r"""Rescaled guidance: that of ``base``, with the standard deviation that the prompt alone would have.

    .. math:: D(x) = \phi\, \frac{\mathrm{std}(d_+)}{\mathrm{std}(d)}\, d + (1 - \phi)\, d

    where d is what ``base`` makes of the prompt. Strong guidance makes images too bright and too flat; this takes that
    back, sample by sample. It asks nothing that ``base`` does not ask already.
    """

    kind = "rescale"
    papers = ("arXiv 2305.08891",)
    base: Guidance = option(doc="the guidance that is rescaled: a table with its kind")
    share: float = option(0.7, doc="phi: 0 leaves it as it is, 1 gives it the whole contrast of the prompt", ge=0, le=1)

    @property
    def negates(self) -> bool:
        """True where its base asks for the negative prompt."""
        return self.base.negates

    def problems(self, model: Model) -> Iterator[Problem]:
        """Problems of its base with guiding a model."""
        yield from (problem.inside("base") for problem in problems_of(self.base.problems, model))

    def prompt_problems(self, prompt: str) -> Iterator[Problem]:
        """Problems of its base with guiding towards a prompt."""
        yield from problems_of(self.base.prompt_problems, prompt)

    def bind(self, context: Context) -> BoundGuidance:
        """The same around its base, bound."""
        return Bound(self.base.bind(context), self.share)

    def denoiser(self, predictor: NoisePredictor, condition: Condition, negative: Condition) -> Denoiser:
        """Estimate of its base, rescaled."""
        return Bound(self.base, self.share).denoiser(predictor, condition, negative)


@attrs.frozen(eq=False)
class Bound(BoundGuidance):
    """Rescaling around a guidance that is bound."""

    base: BoundGuidance
    share: float

    def denoiser(self, predictor: NoisePredictor, condition: Condition, negative: Condition) -> Denoiser:
        """Estimate of the base, rescaled."""
        inner = self.base.denoiser(predictor, condition, negative)
        return Rescaled(inner, Prompted(predictor, condition), self.share) if self.share else inner

    def unprompted(self, predictor: NoisePredictor, negative: Condition) -> Denoiser:
        """That of the base, rescaled."""
        inner = self.base.unprompted(predictor, negative)
        return Rescaled(inner, Prompted(predictor, negative), self.share) if self.share else inner


@attrs.frozen(eq=False)
class Rescaled(Denoiser):
    """A denoiser with the contrast of another."""

    inner: Denoiser
    model: Denoiser
    share: float

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Ask both at once; equal questions are asked once."""
        estimate, model = yield from together([self.inner.estimate(x, level), self.model.estimate(x, level)])
        gain = _deviation(model.clean) / _deviation(estimate.clean).clamp(min=1e-12)
        factor = self.share * gain + (1 - self.share)
        return estimate._replace(clean=estimate.clean * factor.to(x.dtype))


def _deviation(images: Tensor) -> Tensor:
    """The standard deviation of each sample over all its values, shape (N, 1, 1, 1)."""
    return images.double().std((1, 2, 3), keepdim=True)
