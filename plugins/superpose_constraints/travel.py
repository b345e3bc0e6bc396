"""Plans that travel back: RePaint's schedule (arXiv 2201.09865), which DDNM has as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from superpose import Plan

if TYPE_CHECKING:
    from superpose import NoiseLevel


def travelled(plan: Plan, length: int, times: int) -> Plan:
    """A plan with every stretch of ``length`` levels made ``times`` times, and climbs back between.

    As RePaint's ``jump_length`` and ``jump_n_sample``: from every so manieth level above the cleanest one that has
    noise it climbs, but not from levels so high that there is nowhere to climb to. A plan that climbs on its way
    already is left as it is; one that climbs from the clean image, to be made again, travels each time.

    >>> from superpose import make, TableSchedule
    >>> plan = make("scheduler", "ddpm", steps=250).plan(TableSchedule.named("linear"))
    >>> made = travelled(plan, 10, 10)
    >>> made.steps, sum(not made.climbs(i) for i in range(made.steps))
    (4570, 2410)
    """
    ends = [step + 1 for step in range(plan.steps) if plan.climbs(step)]
    stretches = [plan.levels[start:end] for start, end in zip([0, *ends], [*ends, None], strict=True)]
    if times == 1 or any(levels[-1].sigma > 0 for levels in stretches):
        return plan
    return Plan.of([level for levels in stretches for level in _travelled(levels, length, times)])


def _travelled(levels: tuple[NoiseLevel, ...], length: int, times: int) -> list[NoiseLevel]:
    """Levels that descend to the clean image, travelled."""
    last = len(levels) - 2  # the place of the cleanest level with noise
    left = dict.fromkeys(range(last, length - 1, -length), times - 1)
    visited, place = [], 0
    while place <= last:
        visited.append(place)
        if left.get(place, 0) > 0:
            left[place] -= 1
            visited += range(place - 1, place - length - 1, -1)
            place -= length
        place += 1
    return [levels[place] for place in [*visited, last + 1]]
