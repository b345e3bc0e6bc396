"""The laws of predictors have teeth: what breaks one is caught, with the figure."""

import pytest

from superpose import LawError, Prediction
from superpose.testing import check_predictor
from superpose.testing.learned import WithVariance
from superpose.testing.predictors import GaussianPredictor, TinyPredictor


def test_lawful_predictors_pass():
    check_predictor(TinyPredictor(), ["a", "b"])
    check_predictor(WithVariance(TinyPredictor((1, 7, 9))))
    check_predictor(GaussianPredictor(), t=10)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda x: x - x.mean(0), r"Wrong: row \d changes by \d.* with the rows beside it"),
        (lambda x: x[:, :2], r"Wrong answers \(4, 3, 8, 8\) with output of shape \(4, 2, 8, 8\)"),
        (lambda x: x.mul_(2), "Wrong writes to the images it is asked about"),
        (lambda x: x.int(), "Wrong answers with output of torch.int32"),
        (lambda x: x / 0, "Wrong answers with output that is not finite"),
        (lambda x: x.detach(), "Wrong: torch finds no gradient of its answer; say differentiable = False"),
        (lambda x: x + x.detach(), r"Wrong: its gradient is 1 times its length away from the slope of its answer"),
        (
            lambda x: x + (x.mean(0) - x.mean(0).detach()) * x * 1e-3,
            r"Wrong: the gradient of row \d changes by \d.* with the rows beside it",
        ),
    ],
)
def test_what_is_no_predictor_is_caught(answer, says):
    class Wrong(TinyPredictor):
        """Answers what a test chooses."""

        def predict(self, x, level, conditioning):
            return Prediction(answer(x))

    with pytest.raises(LawError, match=says):
        check_predictor(Wrong())


def test_a_predictor_that_says_it_is_not_differentiable_is_not_held_to_be():
    class Whole(TinyPredictor):
        """Answers in whole steps."""

        differentiable = False

        def predict(self, x, level, conditioning):
            return Prediction(x.detach().round())

    assert list(check_predictor(Whole())) == ["answers-in-form", "keeps-rows-apart"]


def test_a_variance_that_was_not_promised_is_caught():
    class Silent(WithVariance):
        """Says it has no variance, and has one."""

        learned_variance = "none"

    with pytest.raises(LawError, match="Silent answers a variance, and its learned_variance is 'none'"):
        check_predictor(Silent(TinyPredictor()))


class Turning(TinyPredictor):
    """Turns sharply, as the exact answer does between the modes of a mixture."""

    def predict(self, x, level, conditioning):
        return Prediction((1000 * x.mean((1, 2, 3), keepdim=True)).sin() + 0 * x)


def test_a_network_that_turns_sharply_has_its_slope_all_the_same():
    figures = check_predictor(Turning(), t=500)
    assert figures["differentiates"] < 0.2
