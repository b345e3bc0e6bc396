"""Guidances that combine two clean images sample by sample, with weights that depend on the images."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

import attrs

from superpose import Denoiser, Guidance, Prompted, option, together

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Condition, Estimation, NoiseLevel, NoisePredictor


@attrs.frozen(kw_only=True)
class Contrast(Guidance):
    """A guidance of scale w that is no fixed sum: its weights depend on the two images. At 1 it is the prompt alone."""

    scale: float = option(5.0, doc="w: 1 is no guidance, more follows the prompt more closely")

    @abstractmethod
    def combined(self, positive: Tensor, negative: Tensor) -> Tensor:
        """The guided clean images, shape (N, C, H, W), of those of the two prompts; equal images give them back."""

    def denoiser(self, predictor: NoisePredictor, condition: Condition, negative: Condition) -> Denoiser:
        """Both prompts; at scale 1 the negative one is not asked."""
        positive = Prompted(predictor, condition)
        return positive if self.scale == 1 else Contrasted(positive, Prompted(predictor, negative), self)


@attrs.frozen(eq=False)
class Contrasted(Denoiser):
    """One denoiser guided away from another; the learned variance is that of the first."""

    positive: Denoiser
    negative: Denoiser
    rule: Contrast

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Ask both at once."""
        positive, negative = yield from together([self.positive.estimate(x, level), self.negative.estimate(x, level)])
        return positive._replace(clean=self.rule.combined(positive.clean, negative.clean))


#: Dimensions of one sample.
SAMPLE = (1, 2, 3)


def inner(first: Tensor, second: Tensor, over: tuple[int, ...] = SAMPLE) -> Tensor:
    """The inner product of each sample, shape (N, 1, 1, 1), float64: its bits do not depend on the batch."""
    return (first.double() * second.double()).sum(over, keepdim=True)


def share(image: Tensor, other: Tensor, over: tuple[int, ...] = SAMPLE) -> Tensor:
    """The share of ``other`` that is in each ``image``: times ``other`` it is the part along it; 0 where that is 0."""
    return inner(image, other, over) / inner(other, other, over).clamp(min=1e-24)
