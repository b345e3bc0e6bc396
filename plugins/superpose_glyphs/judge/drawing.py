"""How drawings are made that are judged: glyphs, and ambigrams of two."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import attrs
from torch import Tensor

from superpose import Condition, Denoiser, Guidance, NoisePredictor, make, sample, viewed

#: The pairs that are published for ambigrams by diffusion.
PAIRS = (
    *("AV", "dp", "aB", "tt", "CD", "BJ", "BQ", "GQ", "hk"),
    *("Re", "SY", "TT", "Ab", "OT", "Dy", "DK", "ng", "DP"),
)


@attrs.frozen
class Draw:
    """How drawings are made.

    Attributes:
        predictor: By whom.
        guidance: Towards the prompt.
        steps: Of DDIM.
        each: Drawings of each prompt.
        against: Whether the negative prompt of each reading of an ambigram is the other.
    """

    predictor: NoisePredictor
    guidance: Guidance
    steps: int
    each: int
    against: bool = False

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
        return self.guidance.denoiser(self.predictor, self.predictor.condition(prompt), nothing)

    def _drawn(self, denoiser: Denoiser) -> Tensor:
        return sample(denoiser, make("scheduler", "ddim", steps=self.steps), self.predictor, samples=self.each)


def guidances(scale: float) -> dict[str, Callable[[], Guidance]]:
    """The ways to guide: by the prompt, by classifier as well, by classifier while the network has no prompt."""

    def classifier(**base: Guidance) -> Guidance:
        reader = make("classifier", "glyphs-classifier")
        guidance: Guidance = make("guidance", "classifier", classifier=reader, scale=scale, keep=True, **base)
        return guidance.bind(lambda chosen: chosen.load())

    return {
        "cfg": lambda: cast(Guidance, make("guidance", "cfg", scale=scale)),
        "classifier": classifier,
        "classifier-alone": lambda: classifier(base=make("guidance", "cfg", scale=0.0)),
    }
