"""Sheets of views: whichever way a view shows whole sheets, printed ones show it too."""

import pytest

from superpose import Layer, Stacking, make
from superpose.testing import check_view

STACKED = "sheets-lie-where-it-says"
CANVAS = {"kind": "canvas", "number": 1}


def chain(*views):
    return make("view", "chain", views=tuple(make("view", **view) for view in views))


TURN, OVER = {"kind": "rotate", "degrees": 90}, {"kind": "flip", "axis": "horizontal"}
#: Views of an image of three squares or of one, how many sheets lie there, and the law's size.
STACKS = {
    "identity": (make("view", "identity"), 1, (8, 8)),
    "a quarter turn": (make("view", "rotate", degrees=270), 1, (8, 8)),
    "a half turn": (make("view", "rotate", degrees=180), 1, (8, 12)),
    "upside down in a mirror": (make("view", "flip"), 1, (8, 12)),
    "in a mirror": (make("view", "flip", axis="horizontal"), 1, (8, 12)),
    "mirrored twice": (make("view", "flip", axis="both"), 1, (8, 12)),
    "a canvas": (make("view", "canvas", number=2), 1, (24, 8)),
    "a canvas turned": (chain(CANVAS, TURN), 1, (24, 8)),
    "turned, then over": (chain(TURN, OVER), 1, (8, 8)),
    "over, then turned": (chain(OVER, TURN), 1, (8, 8)),
    "transparencies": (make("view", "overlay"), 3, (24, 8)),
    "turned against each other": (make("view", "overlay", turns=(0, 1, 2), exponent=0.7), 3, (24, 8)),
    "two of them oblong": (make("view", "overlay", turns=(0, 2), sheets=2), 2, (8, 6)),
}


@pytest.mark.parametrize("name", STACKS)
def test_a_mark_is_seen_where_its_sheet_lies(name):
    view, count, size = STACKS[name]
    assert check_view(view, 3, *size)[STACKED] == count


@pytest.mark.parametrize(
    "view",
    [
        make("view", "rotate", degrees=45),
        make("view", "negate"),
        make("view", "jigsaw"),
        chain(TURN, {"kind": "negate"}),
        chain({"kind": "negate"}, TURN),
        chain(TURN, {"kind": "canvas", "of": 2}),
    ],
    ids=lambda view: view.kind,
)
def test_what_no_sheet_shows_has_none(view):
    assert view.stacking(16, 16) is None


def test_a_stack_that_is_turned_over_lies_the_other_way_round():
    pair = Stacking(2, (Layer(0), Layer(1, 1)))
    over = pair.then(make("view", "flip", axis="horizontal").stacking(8, 8))
    assert over == Stacking(2, (Layer(1, 3, mirrored=True), Layer(0, 0, mirrored=True)))
    assert over.then(make("view", "flip", axis="horizontal").stacking(8, 8)) == pair
    assert pair.then(pair) is None
    assert [str(layer) for layer in over.layers] == [
        "sheet 2, turned over left to right, a quarter turn with the clock",
        "sheet 1, turned over left to right",
    ]
    assert (pair.sheer, Stacking(1, (Layer(0, 2),)).sheer) == (True, False)
