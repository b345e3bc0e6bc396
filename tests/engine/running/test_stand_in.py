"""Stand-ins: they answer as no noise would, count every row, and read no weights."""

import pytest
import torch

from small_models import First, Larger
from superpose import Classifier, PromptError, TableSchedule, make, prompted
from superpose.estimate.batching import evaluate
from superpose.running.stand_in import StandIn, StandInClassifier, Unchanged, stand_in

LEVEL = TableSchedule.named("linear").level(0, 500)


def test_it_answers_with_the_state_over_its_signal():
    network = StandIn(First(), [])
    x = torch.randn(3, 3, 8, 8)
    estimate = evaluate(prompted(network, "cat"), x, LEVEL)
    torch.testing.assert_close(estimate.clean, x / LEVEL.alpha)
    assert network.asked
    assert network.rounds == [3]


def test_networks_of_one_list_count_together():
    rounds = []
    one, other = StandIn(First(), rounds), StandIn(First(size=4), rounds)
    for network, rows in ((one, 2), (other, 1)):
        evaluate(prompted(network, "cat"), torch.zeros(rows, *network.shape), LEVEL)
    assert rounds == [2, 1]


def test_it_says_what_the_model_says():
    network = StandIn(Larger(size=16), [])
    model = Larger(size=16)
    for name in ("shape", "image_shape", "schedule", "concat_conditioning", "differentiable"):
        assert getattr(network, name) == getattr(model, name), name
    with pytest.raises(PromptError, match="unknown prompt 'unknown'"):
        network.condition("unknown")


def test_what_lies_beside_the_state_is_no_part_of_the_answer():
    network = StandIn(First(), [])
    seen = torch.randn(1, 6, 8, 8)
    answer = network.predict(seen, LEVEL, {})
    assert answer.output.shape == (1, 3, 8, 8)
    assert torch.equal(Unchanged(3)(seen, LEVEL).clean, answer.output)


def test_a_classifier_has_a_stand_in_that_torch_can_differentiate():
    kind = make("classifier", "pictograms-classifier")
    assert isinstance(kind, Classifier)
    judged = []
    judge = stand_in(kind, [], judged)
    assert isinstance(judge, StandInClassifier)
    x = torch.ones(2, *kind.shape, requires_grad=True)
    output = judge.predict(x, LEVEL, {}).output
    assert output.requires_grad
    assert not output.any()
    assert judged == [2]
    assert isinstance(stand_in(First(), [], []), StandIn)


@pytest.mark.parametrize(("known", "said"), [("learned_range", "learned_range"), ("none", "none"), (None, "none")])
def test_it_says_how_the_variance_is_learned_where_that_is_known(known, said):
    class Knows(First):
        learned_variance = known

    assert StandIn(Knows(), []).learned_variance == said
