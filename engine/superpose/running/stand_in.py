"""Networks whose weights have not been read: they know what their files say, and count what they are asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import attrs
import torch

from superpose.errors import PromptError
from superpose.estimate.attention import Site, Token, is_tapped, visit
from superpose.estimate.classifier import ClassifierPredictor
from superpose.estimate.denoiser import Denoiser
from superpose.estimate.lawful import unchanged
from superpose.estimate.model import Model
from superpose.estimate.prediction import Estimate, Prediction
from superpose.estimate.predictor import Condition, NoisePredictor
from superpose.estimate.problem import problems_of, refuse
from superpose.estimate.tensors import picture_shape

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.classifier import Classifier
    from superpose.estimate.query import Estimation
    from superpose.estimate.tensors import Shape
    from superpose.levels.noise_level import NoiseLevel


@attrs.frozen(eq=False)
class Unchanged(Denoiser):
    """The stand-in of an image that is given: it answers as a network would in which nothing is noise.

    Attributes:
        channels: Those of the image, before any that are beside it.
    """

    channels: int

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Return what is shown, asking nothing."""
        return Estimate(unchanged(x[:, : self.channels], level))
        yield []


@attrs.frozen(eq=False)
class Coded:
    """Passes of autoencoders so far: pictures, or latents, of each.

    Attributes:
        encoded: Passes of encoders.
        decoded: Passes of decoders.
        back: Those of either that gradients have gone back through.
    """

    encoded: list[int] = attrs.field(factory=list)
    decoded: list[int] = attrs.field(factory=list)
    back: list[int] = attrs.field(factory=list)

    def note(self, passes: list[int], coded: Tensor) -> Tensor:
        """Note a pass, and one back when a gradient comes to what is coded; returns that."""
        passes.append(len(coded))
        if coded.requires_grad:
            coded.register_hook(lambda slope: self.back.append(len(slope)))
        return coded


class StandIn(NoisePredictor):
    """A network with no weights: it knows its prompts, counts its rows and sees no noise.

    Attributes:
        rounds: Rows of each forward pass so far, of all networks that share the list.
        coded: Passes of its autoencoder, and of all networks that share them.
        asked: Whether it has been asked anything.
    """

    parameterization = "sample"

    def __init__(self, model: Model, rounds: list[int], coded: Coded | None = None) -> None:
        self.model = model
        self.schedule = model.schedule
        self.shape = model.shape
        self.process = model.process
        self.concat_conditioning = model.concat_conditioning
        self.differentiable = model.differentiable
        self.interpolation = model.interpolation
        self.learned_variance = model.learned_variance or "none"
        self.device = torch.device("cpu")
        self.rounds = rounds
        self.coded = coded or Coded()
        self.asked = False

    @property
    def image_shape(self) -> tuple[int, int, int]:
        return self.model.image_shape

    @cached_property
    def sites(self) -> tuple[Site, ...]:  # type: ignore[override]  # read off the files where it is asked for
        return self.model.sites

    def encode(self, images: Tensor) -> Tensor:
        if self.image_shape == self.shape:
            return images
        grey = _grey(images, picture_shape(_shape(images), self.image_shape, self.shape))
        return self.coded.note(self.coded.encoded, grey)

    def decode(self, states: Tensor) -> Tensor:
        if self.image_shape == self.shape:
            return states
        grey = _grey(states, picture_shape(_shape(states), self.shape, self.image_shape))
        return self.coded.note(self.coded.decoded, grey)

    def condition(self, prompt: str) -> Condition:
        refuse(problems_of(self.model.prompt_problems, prompt), PromptError)
        return Condition(prompt)

    def tokens(self, prompt: str) -> tuple[Token, ...]:
        return self.model.tokens(prompt)

    def gather(self, conditions: Sequence[Condition]) -> Mapping[str, Tensor]:
        del conditions
        return {}

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Prediction:
        del conditioning
        if is_tapped():
            visit(self.sites)
        self.rounds.append(len(x))
        self.asked = True
        clean = unchanged(x[:, : self.shape[0]], level)
        return Prediction(clean, torch.zeros_like(clean))  # a scheduler that reads a learned variance finds one


def _shape(x: Tensor) -> Shape:
    _, channels, height, width = x.shape
    return channels, height, width


def _grey(x: Tensor, shape: tuple[int, int, int]) -> Tensor:
    """Zeros of another shape, which torch can differentiate by ``x``."""
    return x.new_zeros(len(x), *shape) + 0 * x.mean((1, 2, 3), keepdim=True)


def stand_in(
    kind: Model | Classifier, rounds: list[int], judged: list[int], coded: Coded | None = None
) -> StandIn | StandInClassifier:
    """Stand-in for the network of a model, counting in ``rounds`` and ``coded``, or of a classifier, in ``judged``."""
    return StandIn(kind, rounds, coded) if isinstance(kind, Model) else StandInClassifier(kind, judged)


class StandInClassifier(ClassifierPredictor):
    """A classifier with no weights: it counts its rows."""

    def __init__(self, classifier: Classifier, rounds: list[int]) -> None:
        self.shape, self.device, self.rounds = classifier.shape, torch.device("cpu"), rounds

    def logits(self, x: Tensor, level: NoiseLevel) -> Tensor:
        del level
        return x.flatten(1)

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Prediction:
        del level, conditioning
        self.rounds.append(len(x))
        return Prediction(x * 0)  # zeros that torch can differentiate
