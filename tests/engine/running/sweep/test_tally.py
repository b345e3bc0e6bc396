"""The tally of a sweep."""

from superpose.running.sweep.tally import Tally


def test_what_is_left_is_neither_done_nor_failed():
    tally = Tally(9, there=2, made=3, failed={"a": "why"})
    assert tally.left == 3
