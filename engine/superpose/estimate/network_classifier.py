"""The one classifier that is a network of torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, final

import attrs
import torch
from torch import Tensor, nn

from superpose.estimate.classifier import ClassifierPredictor
from superpose.estimate.compiling import Backend, compile_module, compiled_answer
from superpose.estimate.tensors import torch_dtype

if TYPE_CHECKING:
    from superpose.levels.noise_level import NoiseLevel


@final
@attrs.define(eq=False)
class NetworkClassifier(ClassifierPredictor):
    """A network of torch that says of images, noisy or clean, which class they are of.

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
    _compiled: bool = attrs.field(default=False, init=False)

    def compile(self, backend: Backend = "inductor") -> bool:
        """Compile its network, as one graph."""
        if isinstance(self.network, nn.Module):
            compile_module(self.network, backend)
            self._compiled = True
        return self._compiled

    def logits(self, x: Tensor, level: NoiseLevel) -> Tensor:
        """One forward pass."""
        t = torch.full((), level.t, device=self.device)

        def forward(x: Tensor, _: Mapping[str, Tensor]) -> Tensor:
            return self.network(x.to(self.dtype), t)

        return compiled_answer(forward, x) if self._compiled else forward(x, {})
