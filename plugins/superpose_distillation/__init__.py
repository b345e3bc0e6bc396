"""Score distillation: images that are optimised until networks agree with them. Light to import: none brings torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from superpose import Scheduler, hookimpl
from superpose_distillation.dds import DDS
from superpose_distillation.sds import SDS

if TYPE_CHECKING:
    from superpose import Register


@hookimpl
def register_schedulers(register: Register) -> None:
    """Register the methods that move an image by gradient steps."""
    methods: tuple[type[Scheduler], ...] = (SDS, DDS)
    for method in methods:
        register(method)
