"""Steps of rules that move a state themselves, as `ddim` would without noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from superpose import RecipeError

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import NoiseLevel, StepInfo


def step_of(level: NoiseLevel, why: str) -> StepInfo:
    """The step that a level is asked in.

    Raises:
        RecipeError: If it is asked in between two levels of the plan; begins with ``why`` that is wrong.
    """
    if level.step is None or (level.t, level.sigma) != (level.step.here.t, level.step.here.sigma):
        raise RecipeError(
            f"{why}, and is asked in between: use a scheduler that asks once a step, such as ddim or euler"
        )
    return level.step


def no_noise(purpose: str = "step", law: str = "normal") -> Tensor:
    """Noise of a step that has none."""
    raise AssertionError(f"a deterministic step was asked for noise ({purpose}, {law})")
