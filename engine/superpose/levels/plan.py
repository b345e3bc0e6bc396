"""Plans: the noise levels that a run visits, in order."""

from __future__ import annotations

import attrs

from superpose.levels.noise_level import Moment


@attrs.frozen
class Plan:
    """The noise levels of a run, in the order they are visited.

    A plan usually descends to the clean image. A transition to a noisier level is a climb: the loop renoises there,
    and no scheduler is asked.

    Attributes:
        moments: n + 1 levels for n transitions, ``moments[i].index == i``.
    """

    moments: tuple[Moment, ...]

    @classmethod
    def of(cls, levels: list[Moment] | tuple[Moment, ...]) -> Plan:
        """A plan through ``levels``, with their indices made to count from 0."""
        return cls(tuple(moment._replace(index=i) for i, moment in enumerate(levels)))

    @property
    def steps(self) -> int:
        """Number of transitions."""
        return len(self.moments) - 1

    def climbs(self, step: int) -> bool:
        """Whether transition ``step`` goes to a noisier level."""
        here, there = self.moments[step : step + 2]
        return there.ratio > here.ratio
