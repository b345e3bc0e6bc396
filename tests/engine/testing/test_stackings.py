"""The law of stackings has teeth: sheets that lie elsewhere, or are none, are caught."""

import attrs
import pytest

from superpose import LawError, Layer, Stacking, View
from superpose.testing.stackings import sheets_lie_where_it_says


@attrs.frozen(kw_only=True)
class Pair(View):
    """The darker of two sheets at each place, the second upside down."""

    kind = "pair"
    says: object = Stacking(2, (Layer(0), Layer(1, 2)))

    def apply(self, x):
        first, second = x.chunk(2, -2)
        return first.minimum(second.rot90(2, (-2, -1)))

    def invert(self, x):
        raise NotImplementedError

    def stacking(self, height, width):
        return self.says


def test_sheets_that_lie_as_is_said_pass_and_so_does_a_view_of_none():
    assert sheets_lie_where_it_says(Pair(), 3, 8, 6) == 2
    assert sheets_lie_where_it_says(Pair(says=None), 3, 8, 6) == 0


@pytest.mark.parametrize(
    ("says", "why"),
    [
        ("two", "stacking returns no Stacking of equal sheets: 'two'"),
        (Stacking(3, (Layer(0),)), "no Stacking of equal sheets"),
        (Stacking(2, ()), r"sheets \[\] lie there, which are to be some of 2, each once"),
        (Stacking(2, (Layer(0), Layer(0))), r"sheets \[0, 0\] lie there"),
        (Stacking(2, (Layer(2),)), r"sheets \[2\] lie there"),
        (Stacking(2, (Layer(0), Layer(1, 6))), "quarter turns from 0 to 3"),
        (Stacking(2, (Layer(0), Layer(1))), "a mark on sheet 2 is not seen where"),
        (Stacking(2, (Layer(0), Layer(1, 0, mirrored=True))), "a mark on sheet 2 is not seen where"),
        (Stacking(2, (Layer(0, 2), Layer(1, 2))), "a mark on sheet 1 is not seen where"),
        (Stacking(2, (Layer(0),)), "it shows something else than sheet 1, as it is"),
    ],
)
def test_sheets_that_lie_otherwise_are_caught(says, why):
    with pytest.raises(LawError, match=why):
        sheets_lie_where_it_says(Pair(says=says), 3, 8, 6)
