"""The sampling methods, one file each, and the plugin that registers them. Light to import: none brings torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from superpose import Scheduler, hookimpl
from superpose_schedulers.ddim import DDIM
from superpose_schedulers.ddpm import DDPM
from superpose_schedulers.dpm_solver import DPMSolver
from superpose_schedulers.dpmpp import DPMpp
from superpose_schedulers.dpmpp_sde import DPMppSDE
from superpose_schedulers.euler import Euler
from superpose_schedulers.euler_ancestral import EulerAncestral
from superpose_schedulers.flow_euler import FlowEuler
from superpose_schedulers.heun import Heun
from superpose_schedulers.langevin import Langevin
from superpose_schedulers.lms import LMS
from superpose_schedulers.pndm import PNDM
from superpose_schedulers.unipc import UniPC

if TYPE_CHECKING:
    from superpose import Register

SCHEDULERS: tuple[type[Scheduler], ...] = (
    DDPM,
    DDIM,
    Euler,
    EulerAncestral,
    Heun,
    DPMpp,
    DPMppSDE,
    DPMSolver,
    UniPC,
    LMS,
    PNDM,
    Langevin,
    FlowEuler,
)


@hookimpl
def register_schedulers(register: Register) -> None:
    """Register the sampling methods shipped with superpose."""
    for scheduler in SCHEDULERS:
        register(scheduler)
