"""The decompositions: an image as a sum of parts, each with a prompt of its own."""

from __future__ import annotations

from collections.abc import Callable

from superpose import Decomposition, hookimpl
from superpose_decompositions.colour import Colour
from superpose_decompositions.dct import DCT
from superpose_decompositions.hybrid import Hybrid


@hookimpl
def register_decompositions(register: Callable[[type[Decomposition]], type[Decomposition]]) -> None:
    """Register every decomposition of this package."""
    for decomposition in (Hybrid, Colour, DCT):
        register(decomposition)
