"""The network leaf: a noise predictor and all that is needed to ask it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import attrs

from superpose.estimate.process import GaussianProcess, Process
from superpose.levels.noise_level import Schedule

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from superpose.estimate.attention import Site, Token
    from superpose.estimate.clip import Clip
    from superpose.estimate.compiling import Backend
    from superpose.estimate.conditioning import ChannelGroup
    from superpose.estimate.prediction import LearnedVariance, Parameterization, Prediction
    from superpose.levels.noise_level import NoiseLevel
    from superpose.sampling.noise import StepNoise

#: The path between two prompts: along the sphere, or along a line.
InterpolationPath: TypeAlias = Literal["slerp", "lerp"]


@attrs.frozen(eq=False)
class Condition:
    """A prompt in the form a network takes it: made once, before the loop, on the network's device.

    Conditions are compared by identity, so make one a prompt and reuse it: questions that share a condition
    and an image are asked once.

    Attributes:
        prompt: What it was made from, for people to read.
        tensors: Named tensors with a leading dimension of one row; the same names for every prompt of a predictor.
        between: The ends of the way that it lies on, where it is that of no prompt: see `superpose.interpolated`.
    """

    prompt: str
    tensors: Mapping[str, Tensor] = attrs.field(factory=dict)
    between: Between | None = None


class Between(NamedTuple):
    """The place of a condition between two others."""

    start: Condition
    end: Condition
    mix: float
    path: InterpolationPath


@attrs.frozen(eq=False)
class Conditioning:
    """Channels beside the samples of a run: the same from the first step to the last.

    Attributes:
        channels: Laid after the state's channels in everything that denoisers see, shape (N, C', H, W): an image to
            enlarge, a mask. Views act on it as `NoisePredictor.concat_conditioning` says, so that it is seen as the
            image is.
        per_sample: Tensors of N rows, one a sample, which `NoisePredictor.predict` is given beside the condition's.
    """

    channels: Tensor | None = None
    per_sample: Mapping[str, Tensor] = attrs.field(factory=dict)


class NoisePredictor(ABC):
    """A network that estimates what is noise in a noisy image.

    Implementations keep one promise above all: **row i of the answer depends on row i of the question alone**.

    Attributes:
        schedule: Noise levels it was trained on.
        parameterization: What its output means.
        shape: (C, H, W) of one state: of the image, or of its latent.
        learned_variance: Whether `Prediction.variance` is filled, and with what.
        clip: How its clean image is kept in range unless somebody says otherwise; None for latents.
        device: Where it runs.
        process: How images become noise for it.
        concat_conditioning: How views act on the channels that `conditioning` lays, group by group, in their order;
            where nothing is said they are pictures of as many channels as the state.
        differentiable: Whether torch can differentiate its answer with respect to x: see `superpose.differentiable`.
        sites: Where its attention can be tapped: see `superpose.Tap`.
        interpolation: The path between two prompts as it has it, along a sphere or a line: see
            `superpose.interpolated`. None where prompts are told by numbers or masks, between which there is nothing.
    """

    schedule: Schedule
    parameterization: Parameterization
    shape: tuple[int, int, int]
    learned_variance: LearnedVariance = "none"
    clip: Clip | None = None
    device: torch.device
    process: Process = GaussianProcess()
    concat_conditioning: tuple[ChannelGroup, ...] = ()
    differentiable: bool = True
    sites: tuple[Site, ...] = ()
    interpolation: InterpolationPath | None = None

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one picture; that of the state, unless the state is a latent."""
        return self.shape

    def encode(self, images: Tensor) -> Tensor:
        """The states of pictures: (N, *image_shape) in [-1, 1] to (N, *shape). Latent models override it."""
        return images

    def decode(self, states: Tensor) -> Tensor:
        """The pictures of states: (N, *shape) to (N, *image_shape). Latent models override it."""
        return states

    def conditioning(self, low: Tensor | None, noise: StepNoise) -> Conditioning | None:
        """Channels beside the samples of a run; asked once, before the first step.

        Arguments:
            low: Pictures of the stage before, shape (N, 3, h, w) in [-1, 1]; None in a first stage.
            noise: Unit normal noise on demand, the same again for the same purpose; shape (N, *shape), or that of a
                larger canvas: what is laid is as large as the noise.

        Returns:
            None where there is nothing.
        """
        del low, noise
        return None

    @abstractmethod
    def condition(self, prompt: str) -> Condition:
        """Turn a prompt into a condition.

        Raises:
            PromptError: If the prompt is not one that the model knows.
        """

    def tokens(self, prompt: str) -> tuple[Token, ...]:
        """Tokens of a prompt in the order of the keys that its attention to words has for them, padding left out.

        None where nothing is known of them.
        """
        del prompt
        return ()

    @abstractmethod
    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Prediction:
        """Answer a block of rows.

        Arguments:
            x: Noisy states, shape (N, C, H, W), float32, on the predictor's device; after their C channels come those
                that `conditioning` laid there.
            level: Their noise level, the same for every row.
            conditioning: The rows' conditions, gathered: tensors of N rows; with them those that `conditioning` gave
            each sample.
        """

    def compile(self, backend: Backend = "inductor") -> bool:
        """Have torch compile the networks that it asks, each as one graph, from the next question on.

        Torch differentiates through what it compiled once: who wants a second derivative leaves this out.

        Arguments:
            backend: Of `torch.compile`.

        Returns:
            True where there is such a network; False leaves the predictor as it is.
        """
        del backend
        return False

    def gather(self, conditions: Sequence[Condition]) -> Mapping[str, Tensor]:
        """Put the conditions of N rows together; called once for each arrangement of rows, not once a step."""
        import torch

        first = conditions[0].tensors
        return {name: torch.cat([condition.tensors[name] for condition in conditions]) for name in first}
