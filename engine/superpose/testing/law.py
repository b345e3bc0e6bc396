"""A law that is ready to be measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import attrs


@attrs.frozen
class Law:
    """One law on one instance.

    Attributes:
        name: What the law asks, in words with hyphens: ``keeps-lengths``.
        measure: Measures it: returns the figure, or raises `LawError` with it.
        ideal: The figure where there is no error at all; what is furthest from it is the worst. Infinite where more is
            better, as of an order.
    """

    name: str
    measure: Callable[[], float]
    ideal: float = 0.0


def figures(laws: Iterable[Law]) -> dict[str, float]:
    """The figure of each law by its name.

    Raises:
        LawError: For the first one that is broken.
    """
    return {law.name: law.measure() for law in laws}
