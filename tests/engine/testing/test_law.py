"""A law is a name and a measurement; figures are those of all of them, up to the first that is broken."""

import pytest

from superpose import LawError
from superpose.testing.law import Law, figures


def broken():
    raise LawError("it is broken")


def test_figures_are_measured_one_after_the_other():
    assert figures([Law("one", lambda: 0.0), Law("two", lambda: 2.5)]) == {"one": 0.0, "two": 2.5}
    assert figures([]) == {}


def test_the_first_that_is_broken_is_told_and_nothing_after_it_is_measured():
    measured = []
    laws = [Law("one", lambda: measured.append("one") or 0.0), Law("two", broken), Law("three", broken)]
    with pytest.raises(LawError, match="it is broken"):
        figures(iter(laws))
    assert measured == ["one"]
