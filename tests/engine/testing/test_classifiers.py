"""The laws of classifiers have teeth: what breaks one is caught, with the figure."""

import attrs
import pytest
import torch

from superpose import Classifier, ClassifierPredictor, LawError, Prediction, TableSchedule
from superpose.testing import check_classifier

SHAPE = (1, 4, 5)


class Sums(ClassifierPredictor):
    """Tells images apart by sums of their halves and of their square, far from where anything saturates."""

    shape, device = SHAPE, torch.device("cpu")

    def logits(self, x, level):
        left, right = (part.sum((1, 2, 3)) for part in (x[..., :2], x[..., 2:]))
        return level.alpha * torch.stack([left, right, x.square().sum((1, 2, 3)) / 9], 1)


@attrs.frozen(kw_only=True, eq=False)
class Told(Classifier):
    """Loads what a test chooses."""

    kind = "told"
    loaded: object
    shape = SHAPE
    classes = 3
    schedule = TableSchedule.named("linear")

    def load(self, device="cpu", dtype="float32"):
        return self.loaded


def changed(**methods):
    return type("Changed", (Sums,), methods)()


def test_a_lawful_classifier_passes_at_any_time():
    for t in (None, 0, 999):
        figures = check_classifier(Told(loaded=Sums()), t)
        assert list(figures) == ["answers-in-form", "points-uphill", "keeps-rows-apart"]
        assert figures["points-uphill"] < 0.02
    assert check_classifier(Told(loaded=Sums()), 0) != check_classifier(Told(loaded=Sums()), 900)


def blind(self, x, level, conditioning):
    """The gradient of the wrong class."""
    return Sums.predict(self, x, level, {"label": (conditioning["label"] + 1) % 3})


@pytest.mark.parametrize(
    ("loaded", "says"),
    [
        (changed(shape=(1, 5, 4)), r"it loads a classifier of images of \(1, 5, 4\)"),
        (changed(logits=lambda self, x, level: Sums.logits(self, x, level)[:, :2]), r"have logits of shape \(4, 2\)"),
        (changed(logits=lambda self, x, level: Sums.logits(self, x, level) / 0), "logits are not finite"),
        (changed(predict=blind), "its gradient is off by"),
        (
            changed(predict=lambda self, *about: Prediction(-Sums.predict(self, *about).output)),
            "its gradient is off by 2 of what a step along it gives",
        ),
        (
            changed(predict=lambda self, *about: Prediction(Sums.predict(self, *about).output[:, :, :2])),
            r"4 images have gradients of shape \(4, 1, 2, 5\)",
        ),
        (
            changed(predict=lambda self, *about: Prediction(_mixed(Sums.predict(self, *about).output))),
            r"classifier 'told': row \d changes by \d.* with the rows beside it",
        ),
    ],
)
def test_what_is_no_classifier_is_caught(loaded, says):
    with pytest.raises(LawError, match=says):
        check_classifier(Told(loaded=loaded))


def _mixed(gradient):
    return gradient + 1e-5 * gradient.mean(0)
