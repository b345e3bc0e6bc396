"""Negative prompts that take nothing from the prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose import BoundGuidance, Context, Denoiser, Guidance, Prompted, option, together
from superpose_guidance.contrast import share

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Condition, Estimation, NoiseLevel, NoisePredictor


@attrs.frozen(kw_only=True)
class PerpNeg(Guidance):
    r"""Perp-Neg: away from the negative prompt, but only as far as that does not lead away from the prompt.

    .. math:: D(x) = d_0 + w_+ \Delta_+ - w_- \Delta_-^\perp, \qquad
              \Delta_-^\perp = \Delta_- - \frac{\langle \Delta_-, \Delta_+ \rangle}{|\Delta_+|^2}\, \Delta_+

    where each :math:`\Delta` is what a prompt changes of the unprompted image :math:`d_0`. ``cfg`` with a negative
    prompt that shares something with the prompt ("a dog" and "a white dog") takes that away too; this does not. It asks
    three times: with the prompt, with the negative one, and unprompted. Without a negative prompt it is ``cfg``.
    """

    kind = "perp-neg"
    papers = ("arXiv 2304.04968",)
    positive: float = option(5.0, doc="w+: more follows the prompt more closely")
    negative: float = option(5.0, doc="w-: more stays further away from the negative prompt; 0 forgets it", ge=0)

    def bind(self, context: Context) -> BoundGuidance:
        """The same with the unprompted condition at hand."""
        return Bound(self, context)

    def denoiser(self, predictor: NoisePredictor, condition: Condition, negative: Condition) -> Denoiser:
        """All three."""
        return self.bind(Context.of(predictor)).denoiser(predictor, condition, negative)


@attrs.frozen(eq=False)
class Bound(BoundGuidance):
    """Perp-Neg with what it needs to ask unprompted."""

    rule: PerpNeg
    context: Context

    def denoiser(self, predictor: NoisePredictor, condition: Condition, negative: Condition) -> Denoiser:
        """All three, or those that differ."""
        positive = Prompted(predictor, condition)
        plain = Prompted(predictor, self.context.condition(predictor, self.context.unconditional))
        apart = self.rule.negative > 0 and negative.prompt != plain.condition.prompt
        return Perpendicular(positive, plain, Prompted(predictor, negative) if apart else None, self.rule)

    def unprompted(self, predictor: NoisePredictor, negative: Condition) -> Denoiser:
        """The unprompted image: each prompt keeps away from the negative one by itself."""
        del negative
        return Prompted(predictor, self.context.condition(predictor, self.context.unconditional))


@attrs.frozen(eq=False)
class Perpendicular(Denoiser):
    """A denoiser guided away from another, across what it is guided towards."""

    positive: Denoiser
    plain: Denoiser
    negative: Denoiser | None
    rule: PerpNeg

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Ask all at once."""
        asked = [self.positive, self.plain, *([] if self.negative is None else [self.negative])]
        positive, plain, *others = yield from together(one.estimate(x, level) for one in asked)
        towards = positive.clean - plain.clean
        clean = plain.clean.add(towards, alpha=self.rule.positive)
        for negative in others:
            clean.sub_(across(negative.clean - plain.clean, towards), alpha=self.rule.negative)
        return positive._replace(clean=clean)


def across(change: Tensor, other: Tensor) -> Tensor:
    """Part of each ``change`` at right angles to ``other``."""
    return change - (share(change, other) * other.double()).to(change.dtype)
