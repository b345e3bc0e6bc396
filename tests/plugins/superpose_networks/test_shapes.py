"""Shapes that a file names: there, of a rank that was asked for, and never empty."""

import pytest

from superpose import RecipeError
from superpose_networks import shape_of

SHAPES = {"weight": (4, 3), "scalar": (), "empty": (0, 3)}


def test_a_shape_that_is_counted_on():
    assert shape_of("a file", SHAPES, "weight", 2) == (4, 3)
    assert shape_of("a file", SHAPES, "weight", 1, 2) == (4, 3)


@pytest.mark.parametrize(
    ("name", "ranks", "says"),
    [
        ("bias", (1,), "a file has no bias"),
        ("weight", (4,), r"weight has the shape \(4, 3\), and must have 4 sizes other than 0"),
        ("scalar", (1, 2), r"scalar has the shape \(\), and must have 1 or 2 sizes"),
        ("empty", (2,), r"empty has the shape \(0, 3\)"),
    ],
)
def test_one_that_is_not_there_or_another(name, ranks, says):
    with pytest.raises(RecipeError, match=says):
        shape_of("a file", SHAPES, name, *ranks)
