"""Networks that take turns: one is in memory, and leaves before the next enters.

What stands for a network here says of itself what the network said when it was first read, and reads it again when it
is asked and another one is in its place: the same weights, so the same bits.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

import attrs

from superpose.estimate.classifier import ClassifierPredictor
from superpose.estimate.predictor import NoisePredictor

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.classifier import Classifier
    from superpose.estimate.model import Model
    from superpose.estimate.prediction import Prediction
    from superpose.estimate.predictor import Condition, Conditioning
    from superpose.estimate.query import Network
    from superpose.levels.noise_level import NoiseLevel
    from superpose.sampling.noise import StepNoise

#: What a predictor says of itself.
_FACTS = (
    "schedule",
    "parameterization",
    "shape",
    "learned_variance",
    "clip",
    "device",
    "process",
    "concat_conditioning",
    "differentiable",
    "sites",
    "interpolation",
)


@attrs.define(eq=False)
class Turns:
    """The one network that is in memory.

    Attributes:
        load: Reads a network's weights.
    """

    load: Callable[[Model | Classifier], Network]
    _kind: Model | Classifier | None = attrs.field(default=None, init=False)
    _network: Network | None = attrs.field(default=None, init=False)

    def network(self, kind: Model | Classifier) -> Network:
        """The network of a model or classifier; where it is another's turn, that one leaves first."""
        if self._network is None or self._kind != kind:
            self.end()
            self._network, self._kind = self.load(kind), kind
        return self._network

    def end(self) -> None:
        """Let go of the network in memory."""
        self._network = self._kind = None
        gc.collect()  # what torch and libraries hang on a module may point back at it


class TurnPredictor(NoisePredictor):
    """A noise predictor whose network is read when it is asked."""

    def __init__(self, model: Model, turns: Turns) -> None:
        self.model, self.turns = model, turns
        self._image_shape = self._own.image_shape
        for name in _FACTS:
            setattr(self, name, getattr(self._own, name))

    @property
    def _own(self) -> NoisePredictor:
        return cast(NoisePredictor, self.turns.network(self.model))

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one picture."""
        return self._image_shape

    def encode(self, images: Tensor) -> Tensor:
        """The states of pictures."""
        return self._own.encode(images)

    def decode(self, states: Tensor) -> Tensor:
        """The pictures of states."""
        return self._own.decode(states)

    def conditioning(self, low: Tensor | None, noise: StepNoise) -> Conditioning | None:
        """Channels beside the samples of a run."""
        return self._own.conditioning(low, noise)

    def condition(self, prompt: str) -> Condition:
        """A prompt as the network is told it."""
        return self._own.condition(prompt)

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Prediction:
        """Answer a block of rows."""
        return self._own.predict(x, level, conditioning)

    def gather(self, conditions: Sequence[Condition]) -> Mapping[str, Tensor]:
        """Put the conditions of N rows together."""
        return self._own.gather(conditions)


class TurnClassifier(ClassifierPredictor):
    """A classifier whose network is read when it is asked."""

    def __init__(self, classifier: Classifier, turns: Turns) -> None:
        self.classifier, self.turns = classifier, turns
        self.shape, self.device, self.differentiable = self._own.shape, self._own.device, self._own.differentiable

    @property
    def _own(self) -> ClassifierPredictor:
        return cast(ClassifierPredictor, self.turns.network(self.classifier))

    def logits(self, x: Tensor, level: NoiseLevel) -> Tensor:
        """Unnormalised log-probabilities of the classes."""
        return self._own.logits(x, level)

    def alignment(self, logits: Tensor) -> Tensor:
        """Agreement of images with the classes."""
        return self._own.alignment(logits)

    def condition(self, prompt: str, label: int) -> Condition:
        """A class in the form that questions have."""
        return self._own.condition(prompt, label)

    def gather(self, conditions: Sequence[Condition]) -> Mapping[str, Tensor]:
        """Put the classes of N rows together."""
        return self._own.gather(conditions)

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Prediction:
        """The gradient of each row's log-probability."""
        return self._own.predict(x, level, conditioning)
