"""Contexts: a network is read once, a prompt told once, whoever asks and from wherever."""

import pytest

from small_models import First
from superpose import Context, PromptError
from superpose.testing.predictors import TinyPredictor


class Shelf:
    """Reads networks and counts."""

    def __init__(self):
        self.read = []

    def __call__(self, kind):
        self.read.append(kind)
        return TinyPredictor(kind.shape)


def test_equal_kinds_share_a_network():
    shelf = Shelf()
    context = Context.of(TinyPredictor((3, 8, 8)), First(size=8), shelf)
    assert context.load(First(size=8)) is context.canvas.predictor, "the network that it is the context of"
    first = context.load(First(size=4))
    assert context.load(First(size=4)) is first
    assert shelf.read == [First(size=4)]


def test_around_another_network_all_is_shared_but_the_canvas():
    shelf = Shelf()
    context = Context.of(TinyPredictor((3, 8, 8)), read=shelf)
    other = TinyPredictor((3, 8, 8), seed=1)
    inner = context.around(other, "nothing")
    assert inner.canvas.predictor is other
    assert (inner.unconditional, context.unconditional) == ("nothing", "")
    assert inner.load(First(size=4)) is context.load(First(size=4))
    told = inner.condition(other, "cat")
    assert context.condition(other, "cat") is told
    assert context.condition(context.canvas.predictor, "cat") is not told, "another network is told for itself"


def test_in_python_networks_are_read_to_the_device_of_the_first():
    context = Context.of(TinyPredictor((3, 8, 8)))
    assert context.load(First(size=4)).shape == (3, 4, 4)


def test_a_prompt_that_is_refused_is_refused_again():
    from superpose.running.stand_in import StandIn

    network = StandIn(First(), [])
    context = Context.of(network)
    for _ in range(2):
        with pytest.raises(PromptError, match="unknown prompt 'unknown'"):
            context.condition(network, "unknown")
