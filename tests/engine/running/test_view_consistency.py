"""How much of a large view is the small one, enlarged: all, where blocks move whole; counted by hand elsewhere."""

import attrs
import pytest

from superpose import View, make, option
from superpose.running.view_consistency import view_consistency

SMALL, LARGE = (3, 6, 6), (3, 12, 12)


@attrs.frozen(kw_only=True)
class Rolled(View):
    """Rolled sideways."""

    kind = "rolled"
    columns: int = option(1, doc="by so many")

    def apply(self, x):
        return x.roll(self.columns, -1)

    def invert(self, x):
        return x.roll(-self.columns, -1)


@pytest.mark.parametrize("view", [make("view", "flip"), make("view", "rotate", degrees=90), make("view", "negate")])
def test_what_moves_blocks_whole_is_consistent(view):
    assert view_consistency(view, view, SMALL, LARGE) == 1


@pytest.mark.parametrize(("columns", "share"), [(2, 1.0), (1, 0.5), (3, 0.5), (0, 0.0), (14, 1.0)])
def test_half_a_block_too_far_is_half_of_the_pixels(columns, share):
    assert view_consistency(Rolled(columns=1), Rolled(columns=columns), SMALL, LARGE) == share


def test_sizes_that_are_no_multiple_say_nothing():
    flip = make("view", "flip")
    assert view_consistency(flip, flip, SMALL, (3, 9, 9)) is None
    assert view_consistency(flip, flip, SMALL, (3, 12, 18)) is None


def test_views_of_other_sizes_have_nothing_in_common():
    @attrs.frozen(kw_only=True)
    class Half(Rolled):
        """The left half."""

        def apply(self, x):
            return x[..., : x.shape[-1] // 2]

    assert view_consistency(Half(), make("view", "identity"), SMALL, LARGE) == 0
