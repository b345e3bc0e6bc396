"""The step that an estimate is for, as far as it is known before the estimate is made: its weights and its noise.

A denoiser asks for it by yielding, as it asks for its memory.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import attrs

if TYPE_CHECKING:
    from superpose.estimate.prediction import Prediction
    from superpose.estimate.query import Estimating, Query
    from superpose.sampling.noise import StepNoise


class Move(NamedTuple):
    r"""A step that is affine in the clean image: :math:`x_s = a x_t + b\, D + c\, \xi`.

    Attributes:
        on_state: a.
        on_clean: b.
        fresh: c, the standard deviation of its noise; 0 at the clean end.
    """

    on_state: float
    on_clean: float
    fresh: float


@attrs.frozen(eq=False)
class Ahead:
    """The step that an estimate is for.

    Attributes:
        move: Its weights; None where the scheduler's step is not affine, or a rule makes it.
        reverses: Whether it is drawn from the exact posterior of the process, as steps of the reversed process are.
        noise: The noise of the step, one row a sample, shape (N, C, H, W); with no arguments that which it will add.
        outermost: Whether the clean image of who asks is what the step is made by, edited by nothing.
        flows: Whether every step of the run is Euler's along the probability flow, with no noise.
    """

    move: Move | None
    reverses: bool
    noise: StepNoise
    outermost: bool = False
    flows: bool = False


class Foresee(NamedTuple):
    """Asks for the step that ``owner`` is asked for."""

    owner: Estimating


def foreseen(owner: Estimating) -> Generator[list[Query], list[Prediction], Ahead | None]:
    """Ask for the step that this estimate is for; None where it is asked outside a run.

    In an ``estimate``: ``ahead = yield from foreseen(self)``.
    """
    # No network is asked, and the answer is no prediction: see `superpose.estimate.memory.recall`.
    answers: list[Any] = yield cast(Any, [Foresee(owner)])
    found: Ahead | None = answers[0]
    return found
