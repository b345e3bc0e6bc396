"""Observers: they see a run and never change a number of it."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Literal, Protocol

import attrs

from superpose.terminal import printable

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.levels.noise_level import NoiseLevel


@attrs.frozen(eq=False)
class Step:
    """A transition that has been made.

    Attributes:
        index: Its number, from 0.
        total: How many there are.
        here: The level it started from.
        there: The level it reached.
        x: The state reached, shape (N, C, H, W). Not to be written to.
        clean: The last estimate of the clean image, shaped as ``x``; None before the first.
    """

    index: int
    total: int
    here: NoiseLevel
    there: NoiseLevel
    x: Tensor
    clean: Tensor | None


class Observer(Protocol):
    """Something that watches: progress, previews, metrics. One that fails is reported once, and the run goes on."""

    def see(self, step: Step) -> Literal["stop"] | None:
        """Look at a step; return ``"stop"`` to end the run with the clean image as it is now.

        Reading a tensor here makes a GPU wait; copy it with ``non_blocking=True`` and look at it a step later.
        """
        ...


def show(watching: list[Observer], step: Step) -> bool:
    """Show a step to those who watch, without any that fails from then on; True where one says stop."""
    stop = False
    for observer in list(watching):
        try:
            stop |= observer.see(step) == "stop"
        except Exception as error:  # it may fail in any way; the run is not its hostage
            watching.remove(observer)
            warnings.warn(f"observer {type(observer).__name__} failed and is dropped: {printable(error)}", stacklevel=4)
    return stop
