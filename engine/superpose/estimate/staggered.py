r"""Views that take part in some of the steps, as the networks of Images that Sound do (arXiv 2405.12221).

In each step those that take part share the whole, by their weights,

.. math:: D(x) = \frac{\sum_{i \in P} w_i V_i^\top d_i(V_i x)}{\sum_{i \in P} w_i}

so that every step is that of one lawful mix.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import attrs

from superpose.errors import LawError, RunError
from superpose.estimate.denoiser import Denoiser
from superpose.estimate.mix import Mix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from torch import Tensor

    from superpose.estimate.query import Estimation
    from superpose.estimate.tensors import Shape
    from superpose.levels.noise_level import NoiseLevel, StepInfo


class Span(NamedTuple):
    """Steps from a share of all up to another.

    Attributes:
        start: The share from which on.
        stop: The share up to which.
    """

    start: float = 0.0
    stop: float = 1.0

    def holds(self, step: StepInfo) -> bool:
        """True in a step that is inside."""
        first, end = (math.floor(share * step.total + 1e-9) for share in self)  # 0.29 of 100 are 29
        return first <= step.index < end


#: All steps.
ALL = Span()


def parties(spans: Sequence[Span]) -> Mapping[Span, tuple[int, ...]]:
    """Numbers of the spans that hold together, by the steps in which just these do; () where none does."""
    edges = sorted({ALL.start, ALL.stop, *(edge for span in spans for edge in span)})
    return {
        Span(start, stop): tuple(i for i, span in enumerate(spans) if span.start <= start and stop <= span.stop)
        for start, stop in pairwise(edges)
    }


def staggered(mix: Mix, spans: Sequence[Span], reduce: Callable[[Mix], Denoiser]) -> Denoiser:
    """Views of which each takes part in its span of the steps.

    Arguments:
        mix: What `viewed` gives.
        spans: One for each of its terms.
        reduce: Makes the views that take part together one image.

    Raises:
        LawError: In some steps none would take part.
    """
    if all(span == ALL for span in spans):
        return reduce(mix)
    together = dict.fromkeys(parties(spans).values())
    if () in together:
        raise LawError("in some of the steps no view takes part: let one start earlier, or stop later")
    return Staggered({numbers: reduce(_sharing(mix, numbers)) for numbers in together}, tuple(spans))


def _sharing(mix: Mix, numbers: Iterable[int]) -> Mix:
    terms = [mix.terms[number] for number in numbers]
    whole = sum(term.weight for term in terms)
    shares = (attrs.evolve(it, weight=it.weight / whole, variance_weight=it.weight / whole) for it in terms)
    return Mix(tuple(shares), mix.name)


@attrs.frozen(eq=False)
class Staggered(Denoiser):
    """Denoisers of which another is asked in other steps.

    Attributes:
        mixes: The denoiser of the terms with these numbers.
        spans: The steps in which each term takes part.
    """

    mixes: Mapping[tuple[int, ...], Denoiser]
    spans: tuple[Span, ...]

    def check(self, shape: Shape) -> None:
        """Probe the law of each, and tell the term at fault by its number among all."""
        for numbers, mix in self.mixes.items():
            try:
                mix.check(shape)
            except LawError as error:
                raise LawError(str(error), None if error.term is None else numbers[error.term]) from error

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Ask the terms that take part in this step.

        Raises:
            RunError: If the level does not say in which step it is asked at.
        """
        step = level.step
        if step is None:
            raise RunError(
                "views take part by the number of the step, and this level does not say it: sample along a plan, or "
                "ask at plan.asked(step)"
            )
        return self.mixes[tuple(i for i, span in enumerate(self.spans) if span.holds(step))].estimate(x, level)
