"""The network leaf: a noise predictor and all that is needed to ask it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from superpose.schedule import Schedule

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from superpose.clip import Clip
    from superpose.prediction import LearnedVariance, Parameterization, Prediction
    from superpose.schedule import Moment


@attrs.frozen(eq=False)
class Condition:
    """A prompt in the form a network takes it: made once, before the loop, on the network's device.

    Conditions are compared by identity, so make one a prompt and reuse it: questions that share a condition
    and an image are asked once.

    Attributes:
        prompt: What it was made from, for people to read.
        tensors: Named tensors with a leading dimension of one row; the same names for every prompt of a predictor.
    """

    prompt: str
    tensors: Mapping[str, Tensor] = attrs.field(factory=dict)


class NoisePredictor(ABC):
    """A network that estimates what is noise in a noisy image.

    Implementations keep one promise above all: **row i of the answer depends on row i of the question alone**.

    Attributes:
        schedule: Noise levels it was trained on.
        parameterization: What its output means.
        shape: (C, H, W) of one sample.
        learned_variance: Whether `Prediction.variance` is filled, and with what.
        clip: How its clean image is kept in range unless somebody says otherwise; None for latents.
        device: Where it runs.
    """

    schedule: Schedule
    parameterization: Parameterization
    shape: tuple[int, int, int]
    learned_variance: LearnedVariance = "none"
    clip: Clip | None = None
    device: torch.device

    @abstractmethod
    def condition(self, prompt: str) -> Condition:
        """Turn a prompt into a condition.

        Raises:
            PromptError: If the prompt is not one that the model knows.
        """

    @abstractmethod
    def predict(self, x: Tensor, moment: Moment, given: Mapping[str, Tensor]) -> Prediction:
        """Answer a block of rows.

        Arguments:
            x: Noisy samples, shape (N, C, H, W), float32, on the predictor's device.
            moment: Their noise level, the same for every row.
            given: The rows' conditions, gathered: tensors of N rows.
        """

    def gather(self, conditions: Sequence[Condition]) -> Mapping[str, Tensor]:
        """Put the conditions of N rows together; called once for each arrangement of rows, not once a step."""
        import torch

        first = conditions[0].tensors
        return {name: torch.cat([condition.tensors[name] for condition in conditions]) for name in first}
