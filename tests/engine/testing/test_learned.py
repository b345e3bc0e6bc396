"""A network that says something of its variance: the other's answer, and a variance in the range that is promised."""

import torch

from superpose import TableSchedule
from superpose.testing.learned import WithVariance
from superpose.testing.predictors import TinyPredictor

LEVEL = TableSchedule.named("linear").level(0, 500)


def test_it_answers_as_the_other_and_adds_a_variance():
    inner = TinyPredictor((3, 8, 8), parameterization="v")
    network = WithVariance(inner)
    assert (network.shape, network.parameterization, network.schedule) == (inner.shape, "v", inner.schedule)
    x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    told = network.gather([network.condition("cat")] * 2)
    answer, want = network.predict(x, LEVEL, told), inner.predict(x, LEVEL, told)
    assert torch.equal(answer.output, want.output)
    assert answer.variance.shape == x.shape
    assert float(answer.variance.abs().max()) <= 1
    assert float(answer.variance.std()) > 0
