"""Base of the kinds whose step is DDIM's move, with a share of fresh noise: see `superpose.moved`."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

import attrs

from superpose import Gridded, Move, ancestral, moved

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Denoise, Memory, NoiseLevel, StepNoise


@attrs.frozen(kw_only=True)
class FirstOrder(Gridded):
    """A step along the probability flow, or with noise as eta says; the kinds say what eta is."""

    renoises = True

    @property
    @abstractmethod
    def eta(self) -> float:
        """Fresh noise of a step, relative to DDPM's posterior."""

    @property
    def stochastic(self) -> bool:
        """True where steps draw noise: with eta."""
        return self.eta > 0

    @property
    def order(self) -> int:
        """1 along the flow; 0 with noise."""
        return 0 if self.stochastic else 1

    def move(self, here: NoiseLevel, there: NoiseLevel, *, says_variance: bool = False) -> Move | None:
        """DDIM's weights, whatever the network says of the variance."""
        del says_variance
        return Move(*ancestral(here, there, self.eta))

    def step(
        self,
        denoise: Denoise,
        x: Tensor,
        here: NoiseLevel,
        there: NoiseLevel,
        state: Memory,
        noise: StepNoise,
        jumped: bool,
    ) -> tuple[Tensor, Memory]:
        """Move to ``there``; noise is asked only with eta, and not at the clean end."""
        del jumped
        estimate = denoise(x, here)
        return moved(x, estimate.clean, here, there, noise, self.eta, estimate.renoise), state
