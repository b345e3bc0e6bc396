"""Sheets on each other: what is turned over and turned is what pictures of it are."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from superpose import Layer, Stacking

LAYERS = st.builds(Layer, st.just(0), st.integers(0, 3), st.booleans())
PICTURE = np.arange(30).reshape(2, 3, 5)


@given(LAYERS, LAYERS)
def test_a_layer_that_is_laid_and_laid_again_is_one_laid_by_both(first, second):
    both = first.then(second.turns, mirrored=second.mirrored)
    assert np.array_equal(both.laid(PICTURE), second.laid(first.laid(PICTURE)))
    assert Stacking(1, (first,)).then(Stacking(1, (second,))) == Stacking(1, (both,))


def test_turns_go_against_the_clock_and_over_from_left_to_right():
    corner = np.array([[1, 2], [3, 4]])
    assert Layer(0, 1).laid(corner).tolist() == [[2, 4], [1, 3]]
    assert Layer(0, 0, mirrored=True).laid(corner).tolist() == [[2, 1], [4, 3]]
    assert Layer(0, 1, mirrored=True).laid(corner).tolist() == [[1, 3], [2, 4]], "over first, then turned"


def test_light_has_to_go_through_several_and_through_what_is_seen_from_behind():
    assert Stacking(2, (Layer(0), Layer(1))).sheer
    assert Stacking(1, (Layer(0, 0, mirrored=True),)).sheer
    assert not Stacking(2, (Layer(1, 3),)).sheer
