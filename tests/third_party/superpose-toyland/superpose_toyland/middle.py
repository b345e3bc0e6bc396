"""Guidance in a limited interval of noise levels (Kynkaanniemi et al. 2024, arXiv 2404.07724)."""

import attrs
from superpose import Denoiser, Guidance, guided, option, prompted


@attrs.frozen(kw_only=True)
class Middle(Guidance):
    """Classifier-free guidance at middle noise levels alone.

    Where there is hardly any image yet guidance costs variety, and where it is nearly finished it does nothing; at
    both ends the negative prompt is not even asked.
    """

    kind = "middle-cfg"
    papers = ("arXiv 2404.07724", "arXiv 2207.12598")
    scale: float = option(3.0, doc="w: 1 is no guidance, more follows the prompt more closely")
    low: float = option(0.2, doc="noise over signal below which there is none", ge=0)
    high: float = option(5.0, doc="noise over signal above which there is none", gt=0)

    def __attrs_post_init__(self):
        """Refuse an interval that is empty."""
        if self.low >= self.high:
            raise ValueError(f"low is {self.low:g} and high {self.high:g}: low must be less than high")

    def denoiser(self, predictor, condition, negative):
        """The prompt, guided away from the negative one in the interval."""
        alone = prompted(predictor, condition)
        return Interval(guided(alone, prompted(predictor, negative), self.scale), alone, self.low, self.high)


@attrs.frozen(eq=False)
class Interval(Denoiser):
    """One denoiser where noise over signal lies in an interval, another elsewhere."""

    inside: Denoiser
    outside: Denoiser
    low: float
    high: float

    def estimate(self, x, level):
        """Hand the question on."""
        chosen = self.inside if self.low <= level.ratio <= self.high else self.outside
        return (yield from chosen.estimate(x, level))

    def check(self, shape):
        """Probe both."""
        self.inside.check(shape)
        self.outside.check(shape)
