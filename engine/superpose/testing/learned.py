"""A network that says something of its variance."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from superpose.estimate.prediction import Prediction
from superpose.estimate.predictor import Condition, NoisePredictor
from superpose.levels.noise_level import NoiseLevel


class WithVariance(NoisePredictor):
    """Another predictor that answers, besides, variance channels made from its answer, in [-1, 1]."""

    learned_variance = "learned_range"

    def __init__(self, inner: NoisePredictor) -> None:
        self.inner = inner
        self.schedule, self.parameterization = inner.schedule, inner.parameterization
        self.shape, self.clip, self.device = inner.shape, inner.clip, inner.device
        self.differentiable = inner.differentiable

    def condition(self, prompt: str) -> Condition:
        """That of the other predictor."""
        return self.inner.condition(prompt)

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Prediction:
        """The other predictor's answer, and its sine as the variance."""
        output = self.inner.predict(x, level, conditioning).output
        return Prediction(output, output.sin())
