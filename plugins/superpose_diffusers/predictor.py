"""A denoiser of diffusers as a noise predictor asks it.

A row's answer depends on its row alone as far as the library's own layers keep rows apart: in value always, to the last
bit only where a forward pass has one row (``rows = 1`` in ``[run]``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import torch
from torch import Tensor

from superpose import Forward, NoiseLevel
from superpose_diffusers.conventions import Convention, Settings
from superpose_diffusers.prior import Prior


@attrs.frozen(eq=False)
class PipelineEncoder:
    """Prompts by the pipeline's own text encoders, in ``dtype`` where they are no whole numbers, and for its prior."""

    convention: Convention
    pipeline: Any
    settings: Settings
    dtype: torch.dtype
    prior: Prior | None = None

    def __call__(self, prompt: str) -> Mapping[str, Tensor]:
        """Tensors of a prompt for the network."""
        told = self.convention.tell(self.pipeline, prompt, self.settings)
        if self.prior is not None:
            told |= self.prior.words(prompt)
        return {name: value.to(self.dtype) if value.is_floating_point() else value for name, value in told.items()}


def forward(convention: Convention, network: Any, dtype: torch.dtype, prior: Prior | None = None) -> Forward:
    """One forward pass, as the network wants to be called, with what a prior draws of its conditioning."""

    def passed(x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Tensor:
        t = torch.full((len(x),), level.t, device=x.device)
        return convention.ask(network, x.to(dtype), t, prior.told(conditioning) if prior else conditioning)

    return passed
