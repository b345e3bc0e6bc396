"""Strategies draw what they promise, and all that they promise."""

from hypothesis import find, given, settings
from hypothesis import strategies as st

from superpose import View, make
from superpose.plugins import load_plugins
from superpose.testing import variants
from superpose.testing.strategies import instances, sizes


@settings(max_examples=20)
@given(sizes(), sizes(channels=(2,), square=True), sizes(square=False))
def test_sizes_are_of_the_channels_and_sides_that_were_said(size, square, free):
    for channels, height, width in (size, square, free):
        assert channels in (1, 2, 3, 4)
        assert 8 <= height <= 64
        assert 8 <= width <= 64
    assert square[0] == 2
    assert square[1] == square[2]
    assert size[0] != 2


def test_there_are_some_of_each_kind_of_size():
    for wanted in (
        lambda size: size[1] == size[2],
        lambda size: size[1] != size[2],
        lambda size: size[1] % 2 == 1,
        lambda size: size[1] == 64,
        lambda size: size[0] == 4,
    ):
        assert wanted(find(sizes(), wanted))
    assert find(sizes(square=False), lambda size: size[1] != size[2])


def test_instances_are_the_variants_of_a_kind():
    flip = load_plugins().kinds("view")["flip"]
    for wanted in variants(flip):
        assert find(instances(flip), wanted.__eq__) == wanted

    @settings(max_examples=10)
    @given(st.data())
    def only(data):
        drawn = data.draw(instances(flip))
        assert isinstance(drawn, View)
        assert drawn in variants(flip)

    only()
    assert make("view", "flip") in variants(flip)
