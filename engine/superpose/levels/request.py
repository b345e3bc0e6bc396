"""Requests for a grid of levels, and the levels to choose from."""

from __future__ import annotations

import attrs

from superpose.levels.continuous import FlowSchedule
from superpose.levels.noise_level import NoiseLevel, Schedule


@attrs.frozen(kw_only=True)
class Request:
    """Request for a grid of levels.

    Attributes:
        schedule: The levels there are.
        grid: The grid's name, for messages.
        steps: Number of levels to visit.
        offset: Added to each time, by the leading grids.
        rho: How much low noise is crowded, by the karras grids.
        sections: Number of levels in each equal section of time, cleanest first, by ``openai``.
    """

    schedule: Schedule
    grid: str
    steps: int
    offset: int = 0
    rho: float = 7.0
    sections: tuple[int, ...] = ()

    @property
    def last(self) -> int:
        """The last trained place, T - 1."""
        return self.schedule.steps - 1

    def trained(self, place: float) -> NoiseLevel:
        """The level at ``place`` in [0, T - 1] among the T trained ones; between them for a fraction.

        A flow's T levels are the shifted 1/T, 2/T ... 1; elsewhere a place is a time.
        """
        if isinstance(self.schedule, FlowSchedule):
            T = self.schedule.steps
            return self.schedule.level(0, T * self.schedule.shifted((place + 1) / T))
        return self.schedule.level(0, place)
