"""Arrangements in recipes: where they can be followed, and what they cost."""

import pytest

import superpose

ARRANGED = """
[model]
kind = "glyphs"

[scheduler]
kind = "{0}"
steps = 2

[canvas]
count = 2
"""
OVERLAY = '[[view]]\nkind = "overlay"\nturns = [0, 1]\nprompt = "A"\n'
INSIDE = '[[view]]\nkind = "flip"\nview = [{kind = "overlay", prompt = "A"}]\n'


@pytest.mark.parametrize(
    ("scheduler", "subject", "why"),
    [
        ("ddim", OVERLAY, "overlay is no linear map, and ddim moves noisy states: use one that .*: sds"),
        ("sds", INSIDE, "overlay is no linear map, and is looked at from outside: write it in a"),
    ],
)
def test_arrangements_are_where_they_can_be_followed(scheduler, subject, why):
    with pytest.raises(superpose.RecipeError, match=why):
        superpose.inspect(superpose.loads(ARRANGED.format(scheduler) + subject))


def test_an_arrangement_asks_the_rows_of_its_readings():
    found = superpose.inspect(superpose.loads(ARRANGED.format("sds") + OVERLAY + OVERLAY.replace("A", "B")))
    assert (found.rows, found.evaluations, found.total) == (2, 2, 4)
    turns = 'reduction = "alternate"\n' + ARRANGED.format("sds") + OVERLAY + OVERLAY.replace("A", "B")
    assert superpose.inspect(superpose.loads(turns)).total == 2, "one reading a step"
