"""Drawings that are judged: glyphs, and ambigrams of two."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import attrs
from torch import Tensor

from superpose import BoundGuidance, Condition, Context, Denoiser, Guidance, NoisePredictor, make, sample, viewed

#: The pairs that are published for ambigrams by diffusion.
PAIRS = (
    *("AV", "dp", "aB", "tt", "CD", "BJ", "BQ", "GQ", "hk"),
    *("Re", "SY", "TT", "Ab", "OT", "Dy", "DK", "ng", "DP"),
)


@attrs.frozen
class Draw:
    """Settings of drawings.

    Attributes:
        predictor: By whom.
        guidance: Towards the prompt.
        steps: Of DDIM.
        eta: Of DDIM: how much of its noise is new at every step.
        each: Drawings of each prompt.
        seed: Of their noise: not that of the search which found what is drawn.
        against: Whether the negative prompt of each reading of an ambigram is the other.
    """

    predictor: NoisePredictor
    guidance: Guidance
    steps: int
    each: int
    against: bool = False
    eta: float = 0.0
    seed: int = 0
    _bound: BoundGuidance = attrs.field(init=False)

    @_bound.default
    def _bind(self) -> BoundGuidance:
        return self.guidance.bind(Context.of(self.predictor))

    def glyph(self, prompt: str) -> Tensor:
        """Drawings of a prompt, shape (each, 3, H, W)."""
        return self._drawn(self._asked(prompt, self.predictor.condition("")))

    def ambigram(self, a: str, b: str) -> Tensor:
        """Drawings that show ``a``, and ``b`` when turned upside down: both views' estimates averaged.

        Where ``against``, each reading is told not to be the other, if they differ.
        """
        views = make("view", "identity"), make("view", "rotate", degrees=180)
        others = (b, a) if self.against and a != b else ("", "")
        asked = [self._asked(one, self.predictor.condition(other)) for one, other in zip((a, b), others, strict=True)]
        return self._drawn(viewed(zip(views, asked, strict=True)))

    def _asked(self, prompt: str, nothing: Condition) -> Denoiser:
        return self._bound.denoiser(self.predictor, self.predictor.condition(prompt), nothing)

    def _drawn(self, denoiser: Denoiser) -> Tensor:
        scheduler = make("scheduler", "ddim", steps=self.steps, eta=self.eta)
        return sample(denoiser, scheduler, self.predictor, samples=self.each, seed=self.seed)


def guided(
    how: str, scale: float, base: float, reader: Path | None = None, kind: str = "glyphs-classifier"
) -> Guidance:
    """The guidance of that name: "cfg", or "classifier" over classifier-free guidance.

    Arguments:
        how: Its name.
        scale: Its scale.
        base: Scale of what a classifier steers: 0 has no prompt, 1 is the prompt alone.
        reader: Weights of the classifier; None for the embedded ones.
        kind: Of the classifier.
    """
    if how == "cfg":
        return cast(Guidance, make("guidance", "cfg", scale=scale))
    with_gradient, classifier = make("guidance", "cfg", scale=base), make("classifier", kind, path=reader)
    guidance = make("guidance", how, classifier=classifier, scale=scale, keep=True, base=with_gradient)
    return cast(Guidance, guidance)
