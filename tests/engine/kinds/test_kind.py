"""Options of kinds: ranges, lists, and the same kind with other values."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superpose import View, option
from superpose.kinds.kind import Limits, chosen_options, fields_of, with_options


@attrs.frozen(kw_only=True)
class Roll(View):
    """Rolls."""

    kind = "roll"
    columns: int = option(8, doc="columns", ge=1, lt=100)
    shares: tuple[float, ...] = option((), doc="shares", gt=0, le=1, each=True)
    made: int = attrs.field(default=0, init=False)

    def apply(self, x):
        return x

    def invert(self, x):
        return x


@given(st.integers(-5, 105))
def test_a_range_is_kept(columns):
    if 1 <= columns < 100:
        assert Roll(columns=columns).columns == columns
    else:
        words = "at least 1" if columns < 1 else "less than 100"
        with pytest.raises(ValueError, match=f"must be {words}, got {columns}"):
            Roll(columns=columns)


def test_each_item_of_a_list_is_held_to_it():
    assert Roll(shares=[0.5, 1]).shares == (0.5, 1), "a list becomes a tuple, so that kinds can be looked up"
    assert hash(Roll(shares=[0.5])) == hash(Roll(shares=(0.5,)))
    with pytest.raises(ValueError, match=r"must be more than 0, got 0\.0"):
        Roll(shares=[0.5, 0.0])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_in_no_range(value):
    with pytest.raises(ValueError, match="must be"):
        Roll(shares=[value])


def test_ranges_in_words():
    assert str(Limits(ge=1, lt=100)) == ">= 1 and < 100"
    assert str(Limits(gt=0.5)) == "> 0.5"
    assert str(Limits(choices=(90, 180))) == "one of 90, 180"
    assert not str(Limits())


def test_the_same_with_other_options():
    changed = with_options(Roll(shares=(0.5,)), columns=3)
    assert changed == Roll(columns=3, shares=(0.5,))
    assert chosen_options(changed) == {"columns": 3, "shares": (0.5,)}
    assert chosen_options(Roll()) == {}
    with pytest.raises(ValueError, match="must be at least 1"):
        with_options(Roll(), columns=0)


def test_a_class_without_attrs_has_no_fields():
    assert fields_of(View) == ()
    assert [field.name for field in fields_of(Roll)] == ["columns", "shares", "made"]
