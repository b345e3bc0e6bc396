"""Permutations: one table each, proven to be a bijection, and orders that are the same for ever."""

import attrs
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from superpose import LawError, make
from superpose.plugins import load_plugins
from superpose_views.permutation import Permutation, places, shuffled

OURS = [
    make("view", "inner-circle"),
    make("view", "inner-circle", diameter=0.3),
    make("view", "permute", patches=4),
    make("view", "permute", patches=12, seed=3),
    make("view", "skew"),
    make("view", "skew", slope=-2.5),
    make("view", "square-hinge"),
    make("view", "square-hinge", squares=5),
]


def numbered(height, width):
    return torch.arange(float(height * width)).view(1, 1, height, width)


@pytest.mark.parametrize("view", OURS, ids=str)
def test_it_shows_the_pixels_that_it_says(view):
    x = numbered(12, 12)
    shown = view.apply(x)
    assert shown.flatten().tolist() == view.sources(12, 12).tolist()
    assert torch.equal(view.invert(shown), x)
    assert torch.equal(view.apply(view.invert(x)), x)


def test_every_kind_of_them_is_here():
    kinds = {kind for kind, cls in load_plugins().kinds("view").items() if issubclass(cls, Permutation)}
    assert {view.kind for view in OURS} <= kinds


@attrs.frozen(kw_only=True)
class Losing(Permutation):
    """Shows the first pixel twice."""

    kind = "losing"

    def sources(self, height, width):
        return np.maximum(np.arange(height * width) - 1, 0)


def test_one_that_loses_a_pixel_is_refused():
    with pytest.raises(LawError, match="view 'losing' is no permutation at 2x3: 1 of 6 pixels are not shown"):
        Losing().apply(torch.zeros(1, 1, 2, 3))


@given(st.integers(1, 200), st.integers(0, 2**32))
def test_an_order_has_each_once(count, seed):
    order = shuffled(count, seed)
    assert sorted(order.tolist()) == list(range(count))
    assert np.array_equal(order, shuffled(count, seed))


def test_an_order_is_that_of_philox():
    """The raw words of NumPy's Philox 4x64 for key 3, whose order is the order."""
    words = np.random.Philox(key=3).random_raw(5)
    order = shuffled(5, 3)
    assert [int(words[i]) for i in order] == sorted(map(int, words))


def test_places_are_counted_row_by_row():
    assert places(2, 3).tolist() == [[0, 1, 2], [3, 4, 5]]
