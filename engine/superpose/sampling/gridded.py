"""The recipe options that every scheduler on a named time grid shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose.kinds.kind import option
from superpose.levels.grids import FINALS, GRIDS, plan_of
from superpose.levels.plan import Plan
from superpose.sampling.scheduler import Scheduler

if TYPE_CHECKING:
    from superpose.levels.noise_level import Schedule


@attrs.frozen(kw_only=True)
class Gridded(Scheduler):
    """A scheduler whose plan is a time grid, named by its origin: see `superpose.levels.grids`."""

    steps: int = option(50, doc="number of steps; a list of timesteps or sections has its own number", ge=1)
    grid: str = option("trailing", doc="time grid, by the name of its origin", choices=tuple(GRIDS))
    timesteps: tuple[float, ...] = option(
        (), doc="times to visit, strictly falling; replaces the grid", ge=0, each=True
    )
    sections: tuple[int, ...] = option(
        (), doc="steps in each equal section of time, cleanest first (openai)", ge=1, each=True
    )
    offset: int = option(0, doc="added to every time of the leading grids (diffusers' steps_offset)", ge=0)
    final: str = option("zero", doc="where the last step goes: the clean image, or the level of time 0", choices=FINALS)
    rho: float = option(7.0, doc="how much the karras and edm grids crowd low noise", gt=0)

    @property
    def planned(self) -> int:
        """Number of steps of its own plan; a constraint may cut or stretch that, and some grids differ by one."""
        return len(self.timesteps) or sum(self.sections) or self.steps

    def plan(self, schedule: Schedule) -> Plan:
        """The levels to visit.

        Raises:
            RecipeError: If the schedule has no such grid.
        """
        return plan_of(
            schedule,
            self.grid,
            self.steps,
            timesteps=self.timesteps,
            sections=self.sections,
            offset=self.offset,
            final=self.final,
            rho=self.rho,
        )
