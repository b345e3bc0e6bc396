"""The interface of guidances: bound as it is, says nothing against any model, and starts from the negative prompt."""

import attrs
import torch

from superpose import Context, Guidance, TableSchedule, prompted
from superpose.testing.predictors import TinyPredictor

LEVEL = TableSchedule.named("linear").level(0, 500)


@attrs.frozen(kw_only=True)
class Alone(Guidance):
    """The prompt alone."""

    kind = "alone"

    def denoiser(self, predictor, condition, negative):
        return prompted(predictor, condition.prompt)


def test_one_that_needs_nothing_says_nothing_and_is_bound_as_it_is():
    network = TinyPredictor((3, 4, 4))
    guidance = Alone()
    assert guidance.bind(Context.of(network)) is guidance
    assert list(guidance.problems(None)) == []
    assert list(guidance.prompt_problems("anything")) == []
    assert guidance.negates
    assert guidance.needs == frozenset()
    assert guidance.processes == {"gaussian"}


def test_unprompted_it_says_what_the_negative_prompt_says():
    network = TinyPredictor((3, 4, 4))
    x = torch.ones(1, 3, 4, 4)
    negative = network.condition("dog")
    assert torch.equal(Alone().unprompted(network, negative)(x, LEVEL).clean, prompted(network, "dog")(x, LEVEL).clean)
