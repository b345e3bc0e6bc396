"""The sampling methods, one file each, and the plugin that registers them. Light to import: none brings torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

from superpose.scheduler.base import Plan as Plan
from superpose.scheduler.base import Scheduler as Scheduler
from superpose.scheduler.base import combine as combine
from superpose.scheduler.ddim import DDIM as DDIM
from superpose.scheduler.ddpm import DDPM as DDPM
from superpose.scheduler.dpm_solver import DPMSolver as DPMSolver
from superpose.scheduler.dpmpp import DPMpp as DPMpp
from superpose.scheduler.dpmpp_sde import DPMppSDE as DPMppSDE
from superpose.scheduler.euler import Euler as Euler
from superpose.scheduler.euler_ancestral import EulerAncestral as EulerAncestral
from superpose.scheduler.flow_euler import FlowEuler as FlowEuler
from superpose.scheduler.heun import Heun as Heun
from superpose.scheduler.langevin import Langevin as Langevin
from superpose.scheduler.lms import LMS as LMS
from superpose.scheduler.pndm import PNDM as PNDM
from superpose.scheduler.unipc import UniPC as UniPC

if TYPE_CHECKING:
    from superpose.plugins.hooks import Register

hookimpl = pluggy.HookimplMarker("superpose")  # the table of roles needs this package, and the hooks that table

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
