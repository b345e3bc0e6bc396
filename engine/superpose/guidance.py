"""Guidance: how a prompt becomes a denoiser. A guidance is a denoiser, so it nests with everything else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from superpose.kind import Kind

if TYPE_CHECKING:
    from superpose.denoiser import Denoiser
    from superpose.predictor import Condition, NoisePredictor


class Guidance(Kind, ABC):
    """A guidance rule. Kinds are frozen attrs classes."""

    role: ClassVar[str] = "guidance"

    @abstractmethod
    def denoiser(self, predictor: NoisePredictor, condition: Condition, negative: Condition) -> Denoiser:
        """The denoiser of one prompt.

        Arguments:
            predictor: The network.
            condition: What the image should show.
            negative: What it should not show: the recipe's ``negative``, or the unconditional prompt.
        """
