"""Several operators, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from superpose import Operator, RecipeError, option, problems_of

if TYPE_CHECKING:
    import torch

    from superpose import BoundOperator, Problem, Shape


@attrs.frozen(kw_only=True)
class Chain(Operator):
    """Operators in a row: the second sees what the first observes, and so on. An old photograph is a mask, grey, small.

    Singular values of a linear one are computed where at most 1024 numbers are observed.
    """

    kind = "chain"
    operators: tuple[Operator, ...] = option(doc="the operators, the first that acts first: tables with their kinds")

    def __attrs_post_init__(self) -> None:
        """Refuse a chain of nothing."""
        if not self.operators:
            raise RecipeError("operators is empty: name the operators of the chain")

    @property
    def linear(self) -> bool:
        """True where all of them are."""
        return all(operator.linear for operator in self.operators)

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """Problems of the first one that can't see what the one before observes."""
        for i, operator in enumerate(self.operators):
            if found := problems_of(operator.problems, shape):
                yield from (problem.inside("operators", i) for problem in found)
                return
            shape = operator.bound_to(shape).observed_shape

    def bind(self, shape: Shape, device: torch.device | str = "cpu") -> BoundOperator:
        """Each on what the one before observes."""
        from superpose_operators.bound.composed import composed

        bound = []
        for operator in self.operators:
            bound.append(operator.bound_to(shape, device))
            shape = bound[-1].observed_shape
        return composed(bound, device)
