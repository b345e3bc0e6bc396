"""The decompositions: an image as a sum of parts, each with a prompt of its own."""

from __future__ import annotations

from collections.abc import Callable

from superpose import Decomposition, hookimpl
from superpose_decompositions.colour import Colour
from superpose_decompositions.dct import DCT
from superpose_decompositions.haar import Haar
from superpose_decompositions.hybrid import Hybrid
from superpose_decompositions.laplacian import Laplacian
from superpose_decompositions.motion import Motion
from superpose_decompositions.principal import Principal
from superpose_decompositions.regions import Regions
from superpose_decompositions.triple_hybrid import TripleHybrid


@hookimpl
def register_decompositions(register: Callable[[type[Decomposition]], type[Decomposition]]) -> None:
    """Register every decomposition of this package."""
    for decomposition in (DCT, Colour, Haar, Hybrid, Laplacian, Motion, Principal, Regions, TripleHybrid):
        register(decomposition)
