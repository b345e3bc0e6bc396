"""Classifiers: the gradient of a class's probability, for each row its own, once and once more."""

import attrs
import pytest
import torch

from superpose import Classifier, ClassifierPredictor, NoiseLevel, PromptError, TableSchedule

LEVEL = NoiseLevel(0, 500.0, 0.6, 0.8)


class Squares(ClassifierPredictor):
    """Class k likes the square of value k to be large."""

    shape = (1, 2, 2)
    device = torch.device("cpu")

    def logits(self, x, level):
        return x.flatten(1)[:, :3].square()


@attrs.frozen(kw_only=True)
class SquaresKind(Classifier):
    """Three classes."""

    kind = "squares"
    classes = 3
    shape = (1, 2, 2)
    schedule = TableSchedule.named("linear")

    def load(self, device="cpu", dtype="float32"):
        return Squares()


X = torch.randn(4, 1, 2, 2, generator=torch.Generator().manual_seed(0))


def gradient(x, labels):
    predictor = Squares()
    told = predictor.gather([predictor.condition("", label) for label in labels])
    return predictor.predict(x, LEVEL, told).output


def test_the_gradient_is_that_of_the_log_probability():
    """In closed form: 2 x_i (1 if i is the class, else 0) - 2 x_i p_i."""
    labels = [0, 1, 2, 0]
    values = X.flatten(1)[:, :3]
    chances = values.square().softmax(1)
    want = torch.zeros(4, 4)
    want[:, :3] = 2 * values * (torch.nn.functional.one_hot(torch.tensor(labels), 3) - chances)
    torch.testing.assert_close(gradient(X, labels).flatten(1), want)


def test_a_row_has_its_own_whatever_is_beside_it():
    whole = gradient(X, [0, 1, 2, 0])
    for k, label in enumerate([0, 1, 2, 0]):
        assert torch.equal(gradient(X[k : k + 1], [label])[0], whole[k])


def test_it_leaves_no_graph_unless_somebody_differentiates_through_it():
    with torch.no_grad():
        assert not gradient(X, [0] * 4).requires_grad
    x = X.clone().requires_grad_()
    twice = gradient(x, [0] * 4)
    [second] = torch.autograd.grad(twice.sum(), x)
    step = 1e-3
    bumped = X.double()
    bumped[0, 0, 0, 0] += step
    slope = (gradient(bumped, [0] * 4)[0] - gradient(X.double(), [0] * 4)[0]).sum() / step
    assert float(second[0, 0, 0, 0]) == pytest.approx(float(slope), rel=1e-2)


@pytest.mark.parametrize(("prompt", "label"), [("0", 0), ("2", 2)])
def test_a_number_is_a_class(prompt, label):
    assert SquaresKind().label(prompt) == label


@pytest.mark.parametrize("prompt", ["3", "-1", "cat", "", "²"])
def test_what_is_no_class(prompt):
    with pytest.raises(PromptError, match=r"classifier 'squares' knows no class .*; write a number from 0 to 2"):
        SquaresKind().label(prompt)
    with pytest.raises(PromptError, match="knows no class"):
        SquaresKind().among(["0", prompt])


def test_classes_are_as_likely_as_their_logits_say():
    logits = torch.tensor([[0.0, 0.0, 1.0]])
    assert float(Squares().alignment(logits).sum()) == pytest.approx(1)
    kind = SquaresKind()
    assert kind.among(["0", "2"]) is kind
