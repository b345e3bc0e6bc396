"""Requests for a grid: places among the trained levels, whatever the schedule's own times are."""

import pytest

from superpose import FlowSchedule, TableSchedule
from superpose.levels.request import Request


def test_a_place_of_a_table_is_a_time():
    schedule = TableSchedule.named("cosine", 20)
    request = Request(schedule=schedule, grid="a grid", steps=3)
    assert request.last == 19
    for place in (0, 7, 19, 3.5):
        assert request.trained(place) == schedule.level(0, place)


@pytest.mark.parametrize("shift", [1.0, 3.0])
def test_the_places_of_a_flow_are_its_shifted_levels(shift):
    request = Request(schedule=FlowSchedule(shift=shift), grid="a grid", steps=3)
    last = request.last
    for place in (0, 10, last):
        u = (place + 1) / (last + 1)
        assert request.trained(place).sigma == pytest.approx(shift * u / (1 + (shift - 1) * u))
    assert request.trained(last).alpha == pytest.approx(0)
