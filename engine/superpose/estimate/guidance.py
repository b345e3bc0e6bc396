"""Guidance: how a prompt becomes a denoiser. A guidance is a denoiser, so it nests with everything else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from superpose.estimate.blame import refuse_old_names
from superpose.estimate.denoiser import Prompted
from superpose.estimate.process import GAUSSIAN
from superpose.kinds.kind import Kind
from superpose.kinds.need import Need

if TYPE_CHECKING:
    from superpose.estimate.context import Context
    from superpose.estimate.denoiser import Denoiser
    from superpose.estimate.model import Model
    from superpose.estimate.predictor import Condition, NoisePredictor
    from superpose.estimate.problem import Problem


class BoundGuidance(ABC):
    """A guidance with all at hand that it needs."""

    @abstractmethod
    def denoiser(self, predictor: NoisePredictor, condition: Condition, negative: Condition) -> Denoiser:
        """The denoiser of one prompt.

        Arguments:
            predictor: The network.
            condition: What the image should show.
            negative: What it should not show: the recipe's ``negative``, or the unconditional prompt.
        """

    def unprompted(self, predictor: NoisePredictor, negative: Condition) -> Denoiser:
        """The denoiser of no prompt, which compositions of prompts start from (`composed`).

        It is what this guidance makes of a prompt that says what ``negative`` says: for most, that alone.
        """
        return Prompted(predictor, negative)


class Guidance(Kind, BoundGuidance):
    """A guidance rule. Kinds are frozen attrs classes.

    One that needs nothing but the network is bound as it is.

    Attributes:
        needs: What it demands of the scheduler: see `Need`.
    """

    role: ClassVar[str] = "guidance"
    processes: ClassVar[frozenset[str] | None] = frozenset({GAUSSIAN})
    needs: ClassVar[frozenset[Need]] = frozenset()

    def __init_subclass__(cls, **options: object) -> None:
        """Refuse a method that has another name now: nobody would call it."""
        super().__init_subclass__(**options)
        refuse_old_names(cls, check_prompt="prompt_problems")

    @property
    def negates(self) -> bool:
        """True where it asks for the negative prompt."""
        return True

    def problems(self, model: Model) -> Iterable[Problem]:
        """Problems with guiding that model; none where it can. Asked before any weight is read."""
        del model
        return ()

    def prompt_problems(self, prompt: str) -> Iterable[Problem]:
        """Problems with guiding towards a prompt; none where it can. Asked before any weight is read."""
        del prompt
        return ()

    def bind(self, context: Context) -> BoundGuidance:
        """This guidance with what it needs besides the network.

        Called once for all prompts.

        Arguments:
            context: Loads any model or classifier, and knows the canvas. While a recipe is only checked, what it loads
                is a stand-in that has read no weights.
        """
        del context
        return self
