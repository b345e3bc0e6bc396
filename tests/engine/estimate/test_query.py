"""Queries: plain tuples, and everything that makes estimates by them is one to drive."""

import torch

from superpose import Known, NoiseLevel, prompted
from superpose.estimate.query import Estimating, Query
from superpose.testing.predictors import TinyPredictor

LEVEL = NoiseLevel(0, 500.0, 0.6, 0.8)


def test_a_query_asks_at_the_level_of_the_whole_and_without_gradients_unless_it_says_otherwise():
    network = TinyPredictor()
    query = Query(network, torch.zeros(1, 3, 8, 8), network.condition("a"))
    assert (query.gradient, query.level) == (False, None)
    changed = query._replace(gradient=True, level=LEVEL)
    assert (changed.gradient, changed.level) == (True, LEVEL)
    assert changed.predictor is network


def test_a_denoiser_yields_its_queries_and_goes_on_with_the_answers_in_order():
    network, x = TinyPredictor(), torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    denoiser = prompted(network, "a")
    estimation = denoiser.estimate(x, LEVEL)
    [query] = next(estimation)
    assert query.predictor is network
    assert query.x is x
    answer = network.predict(x, LEVEL, network.gather([query.condition] * 2))
    try:
        estimation.send([answer])
    except StopIteration as end:
        torch.testing.assert_close(end.value.clean, (x - 0.8 * answer.output) / 0.6)
    else:
        raise AssertionError("it asks twice")


def test_whatever_estimates_and_checks_itself_can_be_driven():
    assert isinstance(prompted(TinyPredictor(), "a"), Estimating)
    assert isinstance(Known(torch.zeros(3, 8, 8)), Estimating)
    assert not isinstance(TinyPredictor(), Estimating)
    assert not isinstance(lambda x: x, Estimating)
