"""Networks of EDM (Karras et al. 2022), from files that ``python -m superpose_edm.convert`` has made harmless."""

from __future__ import annotations

from collections.abc import Callable

from superpose import Model, hookimpl
from superpose_edm.model import EDM


@hookimpl
def register_models(register: Callable[[type[Model]], type[Model]]) -> None:
    """Register EDM's networks."""
    register(EDM)
