"""Motion blur along a line."""

import pytest
import torch

from problems import told
from superpose import make


@pytest.mark.parametrize(("degrees", "line"), [(0, (0, 1)), (90, (1, 0)), (45, (1, -1)), (135, (1, 1))])
def test_a_point_becomes_a_line_at_that_angle(degrees, line):
    x = torch.zeros(1, 1, 64, 64)
    x[0, 0, 32, 32] = 1
    moving = make("decomposition", "motion", degrees=degrees).part("moving")(x)[0, 0]
    places = {(32 + k * line[0], 32 + k * line[1]) for k in range(-3, 4)}
    assert {tuple(place) for place in moving.nonzero().tolist()} == places
    torch.testing.assert_close(moving.sum(), torch.tensor(1.0))


def test_a_line_of_one_pixel_is_refused():
    rule = make("decomposition", "motion", length=7.0)
    assert not told(rule, (3, 64, 64))
    assert "use length = 16 or more" in told(rule, (3, 8, 8))
    assert not told(make("decomposition", "motion", length=16.0), (3, 8, 8))
