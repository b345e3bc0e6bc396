"""Plans: the noise levels that a run visits, in order."""

from __future__ import annotations

import attrs

from superpose.levels.noise_level import NoiseLevel, StepInfo


@attrs.frozen
class Plan:
    """The noise levels of a run, in the order they are visited.

    A plan usually descends to the clean image. A transition to a noisier level is a climb: the loop renoises there,
    and no scheduler is asked.

    Attributes:
        levels: n + 1 levels for n transitions, ``levels[i].index == i``.
        optimises: Whether states are clean images from the first to the last, which gradient steps move: its levels are
            then those that networks are asked at, in any order, and there is no climb.
    """

    levels: tuple[NoiseLevel, ...]
    optimises: bool = False

    @classmethod
    def of(cls, levels: list[NoiseLevel] | tuple[NoiseLevel, ...], *, optimises: bool = False) -> Plan:
        """A plan through ``levels``, with their indices made to count from 0."""
        return cls(tuple(level._replace(index=i) for i, level in enumerate(levels)), optimises)

    @property
    def steps(self) -> int:
        """Number of transitions."""
        return len(self.levels) - 1

    def step_info(self, step: int) -> StepInfo:
        """Transition ``step``, as denoisers are told of it."""
        here, there = self.levels[step : step + 2]
        return StepInfo(here, there, step, self.steps)

    def asked(self, step: int) -> NoiseLevel:
        """The level that transition ``step`` starts from, asked at in that step."""
        return self.levels[step].asked_in(self.step_info(step))

    def level_of_state(self, place: int) -> NoiseLevel:
        """The level of the states before transition ``place``, from 0 to the number of transitions."""
        return self.levels[place] if not self.optimises else NoiseLevel(place, -1.0, 1.0, 0.0)

    def climbs(self, step: int) -> bool:
        """True where transition ``step`` goes to a noisier level."""
        here, there = self.levels[step : step + 2]
        return not self.optimises and there.ratio > here.ratio
