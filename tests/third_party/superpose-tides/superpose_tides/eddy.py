"""Eddy: a guidance by taps, away from the network with its attention scattered."""

import attrs
from superpose import Guidance, Mix, Problem, Prompted, Tap, Tapped, Term, option


@attrs.frozen
class Scatter(Tap):
    """Places look around evenly, instead of at what concerns them."""

    share: float

    def at(self, site):
        """True where places look at each other."""
        return site.kind == "self"

    def edit(self, attention):
        """What the network looks at, and everything else a little."""
        seen = attention.probabilities
        return (1 - self.share) * seen + self.share / seen.shape[-1]


@attrs.frozen(kw_only=True)
class Eddy(Guidance):
    """Away from what the network says with its self-attention scattered."""

    kind = "eddy"
    strength: float = option(1.0, doc="how far; 0 is the prompt alone", ge=0)
    share: float = option(0.5, doc="how much of the attention is scattered", ge=0, le=1)

    @property
    def negates(self):
        """The negative prompt is not asked for."""
        return False

    def problems(self, model):
        """A network without attention of places."""
        if not any(site.kind == "self" for site in model.sites):
            yield Problem("", f"{model.kind} has no attention of places that can be tapped", "use another guidance")

    def denoiser(self, predictor, condition, negative):
        """The prompt, and away from it with its attention scattered."""
        prompt = Prompted(predictor, condition)
        scattered = Term(Tapped(prompt, (Scatter(self.share),)), -self.strength, variance_weight=0.0)
        return Mix((Term(prompt, 1 + self.strength), scattered), name="eddy")

    def unprompted(self, predictor, negative):
        """The same of no prompt."""
        return self.denoiser(predictor, negative, negative)
