"""The noise processes that networks are trained on: the concrete schedules, in float64 and free of torch."""

from __future__ import annotations

from superpose.processes.betas import Precision, beta_schedule
from superpose.processes.continuous import EDMSchedule, FlowSchedule, VESchedule
from superpose.processes.posterior import Posterior, posterior
from superpose.processes.published import published_parameterization, published_schedule, published_table
from superpose.processes.table import TableSchedule

__all__ = [
    "EDMSchedule",
    "FlowSchedule",
    "Posterior",
    "Precision",
    "TableSchedule",
    "VESchedule",
    "beta_schedule",
    "posterior",
    "published_parameterization",
    "published_schedule",
    "published_table",
]
