"""The one classifier that is a network of torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, final

import attrs
import torch
from torch import Tensor

from superpose.estimate.classifier import ClassifierPredictor
from superpose.estimate.tensors import torch_dtype

if TYPE_CHECKING:
    from superpose.levels.noise_level import NoiseLevel


@final
@attrs.define(eq=False)
class NetworkClassifier(ClassifierPredictor):
    """A network of torch that says of noisy images which class they are of.

    Attributes:
        shape: (C, H, W) of the images it judges.
        network: Logits (N, classes) of images (N, C, H, W) and times ().
        device: Where it runs.
        dtype: What it computes in: the images are cast to it.
    """

    shape: tuple[int, int, int]
    network: Callable[[Tensor, Tensor], Tensor]
    device: torch.device = attrs.field(default=torch.device("cpu"), converter=torch.device)
    dtype: torch.dtype = attrs.field(default=torch.float32, converter=torch_dtype)

    def logits(self, x: Tensor, level: NoiseLevel) -> Tensor:
        """One forward pass."""
        return self.network(x.to(self.dtype), torch.full((), level.t, device=self.device))
