"""Hypothesis strategies for tests of plugins; the one module of the package that needs Hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from superpose.estimate.tensors import Shape
from superpose.kinds.kind import Kind
from superpose.testing.variation import variants

#: Sides that images of networks have, and sides that nobody thought of.
_SIDES = st.one_of(st.sampled_from([8, 16, 32, 64]), st.integers(8, 64))


def sizes(channels: tuple[int, ...] = (1, 3, 4), square: bool | None = None) -> SearchStrategy[Shape]:
    """Sizes (C, H, W) of images, sides from 8 to 64, odd ones too.

    Arguments:
        channels: Numbers of channels to choose from.
        square: Whether images are square; None for some of each.
    """
    squares = st.tuples(st.sampled_from(channels), _SIDES).map(lambda size: (size[0], size[1], size[1]))
    free = st.tuples(st.sampled_from(channels), _SIDES, _SIDES)
    return {True: squares, False: free, None: squares | free}[square]


def instances(kind: type[Kind]) -> SearchStrategy[Kind]:
    """The `variants` of a kind."""
    return st.sampled_from(variants(kind))
