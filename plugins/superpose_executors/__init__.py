"""The executors: where the jobs of a sweep are carried out."""

from __future__ import annotations

from collections.abc import Callable

from superpose import Executor, hookimpl
from superpose_executors.inline import Inline
from superpose_executors.processes import Processes
from superpose_executors.ray import Ray
from superpose_executors.slurm import Slurm


@hookimpl
def register_executors(register: Callable[[type[Executor]], type[Executor]]) -> None:
    """Register every executor of this package."""
    for executor in (Inline, Processes, Ray, Slurm):
        register(executor)
