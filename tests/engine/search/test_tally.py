"""Counts of readings: Wilson's intervals against scipy's, and an order in which luck does not win."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from superpose.search.tally import Tally, ranked, wilson


@pytest.mark.parametrize(("hits", "count"), [(0, 2), (2, 2), (1, 7), (50, 100), (99, 100)])
def test_intervals_are_wilsons(hits: int, count: int) -> None:
    want = binomtest(hits, count).proportion_ci(method="wilson")
    assert wilson(hits, count) == pytest.approx((want.low, want.high), abs=1e-6)


@given(st.integers(1, 500), st.data())
def test_an_interval_is_around_its_share(count, data):
    hits = data.draw(st.integers(0, count))
    low, high = wilson(hits, count)
    assert 0 <= low <= hits / count + 1e-12
    assert hits / count - 1e-12 <= high <= 1
    mirrored = wilson(count - hits, count)
    assert (1 - high, 1 - low) == pytest.approx(mirrored, abs=1e-12)


def tally(first, right, likely=0.5, refined=False, samples=4):
    return Tally(first, "b", samples, right, right, right, likely, refined)


def test_an_order_that_does_not_depend_on_the_order_they_came_in():
    best, second = tally("a", 3, refined=True), tally("b", 1, refined=True)
    lucky, sure = tally("c", 4, likely=0.2), tally("d", 4, likely=0.9)
    for some in itertools.permutations([best, second, lucky, sure]):
        assert ranked(some) == [best, second, sure, lucky], "drawn anew goes before lucky"


def test_each_pair_counts_once_as_it_was_drawn_last():
    first, anew = tally("a", 4), tally("a", 1, refined=True)
    assert ranked([anew, first]) == ranked([first, anew]) == [anew]


def test_a_row_of_the_table():
    row = tally("a", 3).row
    low, high = wilson(3, 4)
    assert (row["share"], row["low"], row["high"]) == (0.75, round(low, 4), round(high, 4))
    assert row["first"] == "a"
