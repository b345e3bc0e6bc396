"""Columns are found where a reading shows them, and which way up; what mixes them shows none by itself."""

import numpy as np
import pytest

from superpose import make
from superpose.media.columns import Place, places

SHAPE, COLUMNS = (3, 4, 12), 3
TURNED = tuple(Place(column, True) for column in (2, 1, 0))


def view(kind, **options):
    found = make("view", kind, **options)
    return lambda picture: found.frame(picture, 1.0)


@pytest.mark.parametrize(
    ("look", "wanted"),
    [
        (lambda picture: picture, tuple(Place(column, False) for column in range(3))),
        (lambda picture: -picture, tuple(Place(column, False) for column in range(3))),
        (view("rotate", degrees=180), TURNED),
        (view("flip"), tuple(Place(column, True) for column in range(3))),
        (lambda picture: np.roll(picture, 4, -1), (Place(1, False), Place(2, False), Place(0, False))),
        (lambda picture: np.roll(picture, 2, -1), None),
        (lambda picture: np.roll(picture, 1, -2), None),
        (lambda picture: np.rot90(picture, 1, (-2, -1)), None),
        (lambda picture: picture + picture.mean(), None),
        (np.zeros_like, None),
    ],
)
def test_places(look, wanted):
    assert places(look, SHAPE, COLUMNS) == wanted
