"""Denoisers with taps on their queries."""

import attrs
import torch

import superpose
from superpose.testing.predictors import AttentivePredictor
from superpose.testing.taps import Mean, Seen


@attrs.frozen(eq=False)
class WhereItSays(superpose.Denoiser):
    """One of two prompts is asked with a tap."""

    inner: superpose.Denoiser
    tap: superpose.Tap
    prompt: str

    def estimate(self, x, level):
        run = self.inner.estimate(x, level)
        return (yield from superpose.tapped(run, self.tap, where=lambda query: query.condition.prompt == self.prompt))


def test_queries_are_tapped_where_it_is_said():
    network, level = AttentivePredictor(), AttentivePredictor().schedule.level(0, 500)
    x = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    cat, dog = (superpose.prompted(network, prompt) for prompt in ("cat", "dog"))
    both = superpose.guided(cat, dog, 3.0)
    got = WhereItSays(both, Mean(), "dog")(x, level).clean
    want = superpose.guided(cat, superpose.Tapped(dog, (Mean(),)), 3.0)(x, level).clean
    assert torch.equal(got, want)
    assert not torch.equal(got, both(x, level).clean)


def test_taps_come_behind_those_that_are_there():
    network, level = AttentivePredictor(), AttentivePredictor().schedule.level(0, 500)
    x = torch.zeros(1, 3, 8, 8)
    order = []

    @attrs.frozen(eq=False)
    class Noted(superpose.Tap):
        name: str

        def edit(self, attention):
            order.append(self.name)

    inner = superpose.Tapped(superpose.prompted(network, "cat"), (Noted("first"),))
    superpose.Tapped(inner, (Noted("second"),))(x, level)
    assert order == ["first", "second"] * 2


def test_memory_and_levels_go_through():
    network = AttentivePredictor()
    shown = superpose.Tapped(superpose.OwnLevels(superpose.prompted(network, "cat"), network.schedule), (Seen(),))
    level = network.schedule.level(0, 500)
    plain = superpose.prompted(network, "cat")(torch.zeros(1, 3, 8, 8), level).clean
    assert torch.equal(shown(torch.zeros(1, 3, 8, 8), level).clean, plain)
