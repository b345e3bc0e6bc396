"""The law of cuttings has teeth: pieces that lie elsewhere, or are no pieces, are caught."""

import attrs
import numpy as np
import pytest

from superpose import Cutting, LawError, Piece, View
from superpose.testing.cuttings import pieces_go_where_pixels_go

WIDTH = 6


@attrs.frozen(kw_only=True)
class Swap(View):
    """The two halves of a picture change places."""

    kind = "swap"
    change: object = None

    def apply(self, x):
        return x.roll(x.shape[-1] // 2, -1)

    def invert(self, x):
        return x.roll(-(x.shape[-1] // 2), -1)

    def cutting(self, height, width, zoom=1):
        half = width // 2
        labels = np.zeros((height * zoom, width * zoom), np.int64)
        labels[:, half * zoom :] = 1
        pieces = Piece((0.0, 0.0), (0.0, float(half)), 0.0), Piece((0.0, float(half)), (0.0, 0.0), 0.0)
        lines = (np.array([[0.0, half], [height, half]]),)
        made = Cutting(labels, pieces, lines, zoom)
        return made if self.change is None else self.change(made)


def test_a_puzzle_of_the_view_passes_and_so_does_a_view_that_is_none():
    assert pieces_go_where_pixels_go(Swap(), 3, 4, WIDTH) == 0
    assert pieces_go_where_pixels_go(Swap(change=lambda cutting: None), 3, 4, WIDTH) == 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda cutting: cutting.labels, "cutting with zoom = 1 returns no Cutting with labels of 1 times the size"),
        (
            lambda cutting: attrs.evolve(cutting, labels=cutting.labels[: 4 * 1]),
            "cutting with zoom = 2 returns no Cutting with labels of 2 times the size",
        ),
        (
            lambda cutting: attrs.evolve(cutting, labels=cutting.labels + 1),
            "labels are to be the numbers of the 2 pieces, from 0",
        ),
        (
            lambda cutting: attrs.evolve(cutting, pieces=(*cutting.pieces, cutting.pieces[0])),
            "labels are to be the numbers of the 3 pieces, from 0",
        ),
        (
            lambda cutting: attrs.evolve(cutting, lines=(np.array([[0.0, 0.0], [4.0, WIDTH + 0.5]]),)),
            r"a line leaves the picture; its points are \(row, column\)",
        ),
        (
            lambda cutting: attrs.evolve(cutting, lines=(np.array([[-0.5, 0.0], [4.0, 1.0]]),)),
            "a line leaves the picture",
        ),
        (
            lambda cutting: attrs.evolve(cutting, pieces=cutting.pieces[::-1]),
            r"with zoom = 1, 100\.0% of the pixels of moved pieces are not what it shows",
        ),
    ],
)
def test_what_is_no_puzzle_of_the_view_is_caught(change, says):
    with pytest.raises(LawError, match=f"view 'swap' .* at 3x4x6: {says}"):
        pieces_go_where_pixels_go(Swap(change=change), 3, 4, WIDTH)


def test_one_pixel_may_go_astray_as_the_middle_of_an_odd_number_and_two_may_not():
    def astray(count):
        def change(cutting):
            labels = cutting.labels.copy()
            labels[: cutting.zoom, : count * cutting.zoom] = 1
            return attrs.evolve(cutting, labels=labels)

        return Swap(change=change)

    assert pieces_go_where_pixels_go(astray(1), 1, 4, WIDTH) == 1 / 24
    with pytest.raises(LawError, match=r"with zoom = 1, 8\.3% of the pixels"):
        pieces_go_where_pixels_go(astray(2), 1, 4, WIDTH)
