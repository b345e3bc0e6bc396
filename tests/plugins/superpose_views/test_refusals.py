"""Views that do not fit a size say so, with the cure."""

import pytest

from problems import told
from superpose import LawError, RecipeError, make
from superpose_views.permutation import Permutation

NOT_SQUARE = "rotate by 90 degrees needs square images, not 8x12: use degrees = 180"
NO_SQUARES = "square-hinge can't cut 8 pixels into 9 squares a side: use squares = 8"
NO_PATCHES = "permute can't cut 9x8 images into 8x8 equal patches: no number of patches does; use another view"


@pytest.mark.parametrize(
    ("kind", "options", "size", "says"),
    [
        ("rotate", {"degrees": 90}, (3, 8, 12), NOT_SQUARE),
        ("permute", {}, (3, 28, 28), "permute can't cut 28x28 images into 8x8 equal patches: use patches = 7 or 14"),
        ("permute", {}, (3, 9, 8), NO_PATCHES),
        ("jigsaw", {}, (3, 8, 12), "jigsaw turns its pieces by right angles and needs square images, not 8x12"),
        ("jigsaw", {"pieces": 9}, (3, 8, 8), "jigsaw can't cut 8 pixels into 9 pieces a side: use pieces = 8"),
        ("square-hinge", {}, (3, 8, 12), "square-hinge needs square images, not 8x12"),
        ("square-hinge", {"squares": 9}, (3, 8, 8), NO_SQUARES),
    ],
)  # fmt: skip
def test_a_size_that_does_not_fit_is_refused_with_the_cure(kind, options, size, says):
    view = make("view", kind, **options)
    assert told(view, size) == says
    assert not told(view, (3, 720, 720))


def test_no_turn_at_all_is_refused():
    with pytest.raises(RecipeError, match="must be less than 360, got 360"):
        make("view", "rotate", degrees=360.0)


def test_tables_that_show_a_pixel_twice_are_refused():
    class Twice(Permutation):
        """Shows the first pixel everywhere."""

        kind = "twice"

        def sources(self, height, width):
            return super().sources(height, width) or [0] * (height * width)

    import torch

    with pytest.raises(LawError, match="'twice' is no permutation at 2x3: 5 of 6 pixels are not shown"):
        Twice().apply(torch.zeros(1, 1, 2, 3))
