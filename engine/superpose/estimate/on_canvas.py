"""A network whose images are parts of a larger canvas: states and pictures have the canvas's size."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import attrs

from superpose.errors import LawError
from superpose.estimate.predictor import NoisePredictor
from superpose.estimate.tensors import picture_shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from superpose.estimate.predictor import Condition
    from superpose.estimate.tensors import Map
    from superpose.levels.noise_level import NoiseLevel


@attrs.define(eq=False, slots=False)
class OnCanvas(NoisePredictor):
    """The owner of states of another size than a network's, of which it is shown parts; it is asked nothing itself.

    Attributes:
        network: The network.
        shape: (C, H, W) of one state.
        count: Canvases that lie one below the other in it; each is decoded for itself.
    """

    network: NoisePredictor
    shape: tuple[int, int, int]
    count: int = 1

    def __attrs_post_init__(self) -> None:
        """Say of states and noise what the network says."""
        inner = self.network
        self.schedule, self.parameterization, self.process = inner.schedule, inner.parameterization, inner.process
        self.learned_variance, self.clip, self.device = inner.learned_variance, inner.clip, inner.device
        self.differentiable, self.sites = inner.differentiable, inner.sites

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one picture."""
        return picture_shape(self.shape, self.network.shape, self.network.image_shape)

    def encode(self, images: Tensor) -> Tensor:
        """The states of pictures, canvas by canvas."""
        return self._each(images, self.network.encode)

    def decode(self, states: Tensor) -> Tensor:
        """The pictures of states, canvas by canvas."""
        return self._each(states, self.network.decode)

    def condition(self, prompt: str) -> Condition:
        """The network's own condition."""
        return self.network.condition(prompt)

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> NoReturn:
        """Refuse: the network sees images of its own size.

        Raises:
            LawError: Always.
        """
        del level, conditioning
        raise LawError(misshapen(self.network.shape, x.shape[1:]))

    def _each(self, images: Tensor, change: Map) -> Tensor:
        import torch

        if self.count == 1:
            return change(images)
        return torch.cat([change(one.contiguous()) for one in images.chunk(self.count, -2)], -2)


def misshapen(own: Sequence[int], shown: Sequence[int]) -> str:
    """Sentence about a network that is shown images of another size than its own, with the cure."""
    sees, gets = (f"{height}x{width}" for height, width in (own[-2:], shown[-2:]))
    return f"the network sees images of {sees}, and is shown {gets}: show it parts of its size, by a view that does"
