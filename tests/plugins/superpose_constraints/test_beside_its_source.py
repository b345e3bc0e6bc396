"""A denoiser beside its source: memory, steps, and what is asked."""

import pytest
import torch

import superpose
from superpose.testing.predictors import AttentivePredictor
from superpose_constraints.attention_edit import Settings, Told
from superpose_constraints.beside_its_source import BesideItsSource


class Worded(AttentivePredictor):
    """Says which key is which word."""

    def tokens(self, prompt):
        return tuple(superpose.Token(word, i) for i, word in enumerate(prompt.split()))


def told(network, source, target, **settings):
    return Told(Settings(**settings), (source, target), (network.tokens(source), network.tokens(target)))


def sampled(denoiser, network, scheduler="ddim", **options):
    made = superpose.make("scheduler", scheduler, steps=5)
    return superpose.sample(denoiser, made, network, samples=2, **options)


def test_a_source_without_attention_of_its_own_is_carried_along():
    """With nothing held, what is shown is what it would be: the source changes nothing."""
    network = Worded()
    shown = superpose.prompted(network, "a blue cat")
    off = {"cross": (0.0, 0.0), "places": (0.0, 0.0)}
    beside = BesideItsSource(shown, network, told(network, "a red cat", "a blue cat", **off))
    torch.testing.assert_close(sampled(beside, network), sampled(shown, network), atol=1e-5, rtol=1e-5)


def test_a_network_that_shows_only_what_it_looks_at_shows_the_source():
    """All words held, and the same prompt: bit for bit what the source gives by its probabilities."""
    network = Worded()
    shown = superpose.prompted(network, "a red cat")
    beside = BesideItsSource(shown, network, told(network, "a red cat", "a red cat", places=(0.0, 1.0)))
    torch.testing.assert_close(sampled(beside, network), sampled(shown, network), atol=1e-5, rtol=1e-5)


def test_twice_the_rows_are_asked():
    network = Worded()
    shown = superpose.prompted(network, "a blue cat")
    sampled(BesideItsSource(shown, network, told(network, "a red cat", "a blue cat")), network)
    assert network.blocks == [2, 2] * 5


def test_between_levels_of_the_plan_it_cannot_be_asked():
    network = Worded()
    beside = BesideItsSource(
        superpose.prompted(network, "a blue cat"), network, told(network, "a red cat", "a blue cat")
    )
    with pytest.raises(superpose.RecipeError, match="is asked in between: use a scheduler that asks once a step"):
        sampled(beside, network, "heun")
    with pytest.raises(superpose.RecipeError, match="is asked in between"):
        beside(torch.zeros(1, 3, 8, 8), network.schedule.level(0, 500))
