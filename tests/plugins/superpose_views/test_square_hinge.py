"""Squares that turn like hinges, by NumPy's own turning of each block."""

import numpy as np
import pytest
import torch

from superpose import make, problems_of


@pytest.mark.parametrize(("squares", "side"), [(1, 5), (2, 6), (3, 9), (3, 10), (4, 16)])
def test_neighbours_turn_oppositely(squares, side):
    image = np.arange(side * side, dtype=np.float32).reshape(side, side)
    want, block = image.copy(), side // squares
    for i in range(squares):
        for j in range(squares):
            part = np.s_[i * block : (i + 1) * block, j * block : (j + 1) * block]
            clockwise = (i + j) % 2 == 0
            want[part] = image[part][::-1].T if clockwise else image[part].T[::-1]
    shown = make("view", "square-hinge", squares=squares).apply(torch.from_numpy(image)[None, None])
    assert np.array_equal(shown[0, 0].numpy(), want)


def test_four_times_is_none():
    view, x = make("view", "square-hinge"), torch.randn(2, 3, 9, 9, generator=torch.Generator().manual_seed(0))
    again = x
    for _ in range(4):
        again = view.apply(again)
    assert torch.equal(again, x)


@pytest.mark.parametrize(
    ("shape", "says"),
    [((3, 8, 9), "needs square images, not 8x9"), ((3, 2, 2), "can't cut 2 pixels into 3 squares a side: use squares")],
)
def test_sizes_that_it_can_not_cut(shape, says):
    [problem] = problems_of(make("view", "square-hinge").problems, shape)
    assert says in str(problem)


def test_the_sheet_opens_by_half_of_its_diagonal():
    view = make("view", "square-hinge")
    assert view.size_at(0) == view.size_at(1) == 1
    assert view.size_at(0.5) == pytest.approx(1 / np.sqrt(2))
