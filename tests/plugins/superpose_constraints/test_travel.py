"""Plans that travel back, as RePaint's program makes them."""

import pytest

from superpose import Plan, TableSchedule, make
from superpose_constraints.travel import travelled


def plan_of(steps):
    return make("scheduler", "ddim", steps=steps).plan(TableSchedule.named("linear"))


def repaint(steps, length, times):
    """The places that get_schedule_jump of RePaint visits, counted from the noisiest; the last one is the clean end.

    It counts times down from ``steps`` to 0, and then -1 for the clean image; a jump is made from every time that
    ``length`` divides, but from none so high that there are not ``length`` times above it.
    """
    jumps = dict.fromkeys(range(0, steps - length, length), times - 1)
    t, visited = steps, []
    while t >= 1:
        t -= 1
        visited.append(t)
        if jumps.get(t, 0) > 0:
            jumps[t] -= 1
            for _ in range(length):
                t += 1
                visited.append(t)
    return [steps - 1 - t for t in (*visited, -1)]


@pytest.mark.parametrize("times", [2, 3, 5])
@pytest.mark.parametrize(("steps", "length"), [(10, 1), (10, 3), (12, 4), (11, 5), (20, 10), (21, 10), (5, 5), (5, 8)])
def test_it_is_that_of_repaint(steps, length, times):
    plan = plan_of(steps)
    made = travelled(plan, length, times)
    places = {level.t: place for place, level in enumerate(plan.levels)}
    assert [places[level.t] for level in made.levels] == repaint(steps, length, times)


def test_once_is_the_plan_itself():
    plan = plan_of(6)
    assert travelled(plan, 2, 1) is plan
    assert travelled(plan, 6, 4).levels == plan.levels  # nowhere to climb to


def test_a_plan_that_climbs_is_left_as_it_is():
    plan = plan_of(6)
    climbs = Plan.of([*plan.levels[:3], plan.levels[1], *plan.levels[2:]])
    assert travelled(climbs, 2, 3) is climbs
