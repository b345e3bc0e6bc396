"""Constraints: what a recipe says of the rules that its trajectory obeys."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, final

from superpose.estimate.blame import article, blamed
from superpose.estimate.process import GAUSSIAN
from superpose.kinds.kind import Kind
from superpose.kinds.need import Need
from superpose.sampling.rule import Rule

if TYPE_CHECKING:
    from superpose.estimate.canvas import Canvas
    from superpose.estimate.problem import Problem
    from superpose.media.frames import Picture


class Constraint(Kind, ABC):
    """A constraint. Kinds are frozen attrs classes; one that needs no file may be its own `Rule`.

    Attributes:
        needs: What its rule demands, so that a contradiction is found before any weight is read: see `Rule`.
    """

    role: ClassVar[str] = "constraint"
    processes: ClassVar[frozenset[str] | None] = frozenset({GAUSSIAN})
    needs: ClassVar[frozenset[Need]] = frozenset()

    @abstractmethod
    def bind(self, canvas: Canvas) -> Rule:
        """The rule that a run obeys: with files read, as tensors on the canvas's device."""

    def problems(self, canvas: Canvas) -> Iterable[Problem]:
        """Problems of its files and options with that canvas; none where they fit. Asked before any weight is read."""
        del canvas
        return ()

    def scaled(self, factor: float) -> Constraint | None:
        """The same at a later stage, whose pictures are ``factor`` times as large; None where there is none."""
        del factor
        return None

    def frame(self, image: Picture, u: float, zoom: int = 1) -> Picture | None:
        """A frame of the film that it makes of a picture, for `superpose animate`, in NumPy alone; None for none.

        Arguments:
            image: The finished picture, shape (C, H, W), float64.
            u: How far on the way, from 0 to 1.
            zoom: A pixel of the picture is a square of so many pixels a side.
        """
        del image, u, zoom
        return None

    @final
    def bound_to(self, canvas: Canvas) -> Rule:
        """Rule that `bind` gives.

        Raises:
            PluginError: If that is no rule.
        """
        rule: object = self.bind(canvas)
        if not isinstance(rule, Rule):
            blamed(self, "bind", f"returns {article(rule)}, and must return a superpose.Rule")
        return rule
