"""Swell: a guidance that remembers."""

import attrs
from superpose import Denoiser, Guidance, option, prompted, recall, remember, together


@attrs.frozen(kw_only=True)
class Swell(Guidance):
    """Classifier-free guidance whose change is averaged with those of the steps before.

    What is remembered belongs to the run: it is saved with it, and a run that is gone on with is the same run.
    """

    kind = "swell"
    papers = ("arXiv 2207.12598",)
    scale: float = option(3.0, doc="w: 1 is no guidance, more follows the prompt more closely")
    inertia: float = option(0.5, doc="share of what was before", ge=0, lt=1)

    def denoiser(self, predictor, condition, negative):
        """The prompt, guided; at scale 1 nothing else is asked."""
        positive = prompted(predictor, condition)
        return positive if self.scale == 1 else Swelling(positive, prompted(predictor, negative), self)


@attrs.frozen(eq=False)
class Swelling(Denoiser):
    """One denoiser guided away from another, with a memory."""

    positive: Denoiser
    negative: Denoiser
    rule: Swell

    def estimate(self, x, level):
        """Ask both at once, and remember the change."""
        positive, negative = yield from together([self.positive.estimate(x, level), self.negative.estimate(x, level)])
        change = positive.clean - negative.clean
        before = yield from recall(self)
        if before is not None:
            change = before.lerp(change, 1 - self.rule.inertia)
        yield from remember(self, change)
        return positive._replace(clean=positive.clean + (self.rule.scale - 1) * change)
