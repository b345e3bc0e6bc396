"""Guidance: how a prompt becomes a denoiser. A guidance is a denoiser, so it nests with everything else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from superpose.kinds.kind import Kind

if TYPE_CHECKING:
    from superpose.estimate.classifier import Classifier, ClassifierPredictor
    from superpose.estimate.denoiser import Denoiser
    from superpose.estimate.model import Model
    from superpose.estimate.predictor import Condition, NoisePredictor

    Load = Callable[[Classifier], ClassifierPredictor]


class Guidance(Kind, ABC):
    """A guidance rule. Kinds are frozen attrs classes."""

    role: ClassVar[str] = "guidance"

    @property
    def negates(self) -> bool:
        """Whether it asks for the negative prompt."""
        return True

    def refuses(self, model: Model) -> str | None:
        """Why it can't guide that model, with the cure; None where it can. Called before any weight is read."""
        del model
        return None

    def check_prompt(self, prompt: str) -> None:
        """Raise `PromptError` if it can't guide towards that prompt; called before any weight is read."""

    def bind(self, load: Load) -> Guidance:
        """This guidance with what it needs besides the network.

        Arguments:
            load: Gives what a classifier loads, read once however often it is asked for.
        """
        del load
        return self

    @abstractmethod
    def denoiser(self, predictor: NoisePredictor, condition: Condition, negative: Condition) -> Denoiser:
        """The denoiser of one prompt.

        Arguments:
            predictor: The network.
            condition: What the image should show.
            negative: What it should not show: the recipe's ``negative``, or the unconditional prompt.
        """
