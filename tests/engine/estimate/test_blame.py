"""What somebody else's code does wrong is told with its class, its plugin and its line."""

import inspect

import numpy as np
import pytest
import torch

from superpose import PluginError, make
from superpose.estimate.blame import article, must_be_images, must_be_like, must_be_rows, place_of, whose, whose_code


class Faded:
    def apply(self, x):
        raise ValueError(x)


def test_a_method_is_named_with_its_line():
    line = inspect.getsourcelines(Faded.apply)[1]
    assert whose(Faded(), "apply").startswith("Faded.apply")
    assert whose(Faded, "apply").endswith(f"test_blame.py:{line}")
    assert whose_code(Faded.apply.__code__, __name__) == whose(Faded, "apply")


def test_a_kind_is_named_with_its_plugin():
    assert "of plugin 'views' (superpose " in whose(make("view", "flip"), "apply")


def test_the_line_that_failed_is_the_innermost_outside_the_engine():
    try:
        Faded().apply(3)
    except ValueError as error:
        place = place_of(error)
    assert place.startswith("Faded.apply")
    assert place.endswith(f":{inspect.getsourcelines(Faded.apply)[1] + 1}")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "nothing"),
        (3, "an int"),
        ([], "a list"),
        (np.zeros(2), "a numpy.ndarray"),
        (torch.zeros(2), "a torch.Tensor"),
    ],
)
def test_a_value_is_named_by_its_type(value, words):
    assert article(value) == words


@pytest.mark.parametrize(
    ("judge", "value", "says"),
    [
        (lambda it: must_be_rows(it, Faded(), "apply", 2), 7, "returns an int, and must return a torch.Tensor"),
        (lambda it: must_be_rows(it, Faded(), "apply", 2), torch.zeros(3, 1), r"of shape \(3, 1\) for 2 rows"),
        (lambda it: must_be_rows(it, Faded(), "apply", 2), torch.tensor(1.0), r"of shape \(\) for 2 rows"),
        (lambda it: must_be_images(it, Faded(), "apply"), torch.zeros(1, 2), "and must return images"),
        (
            lambda it: must_be_like(it, torch.zeros(2, 3), Faded(), "apply"),
            torch.zeros(2, 4),
            r"\(2, 4\), and must return one of \(2, 3\)",
        ),
    ],
)
def test_what_is_no_such_tensor_is_refused(judge, value, says):
    with pytest.raises(PluginError, match=rf"^Faded\.apply, .*{says}"):
        judge(value)


def test_what_is_right_passes():
    must_be_images(torch.zeros(1, 3, 2, 2), Faded(), "apply")
    must_be_like(torch.zeros(2, 3), torch.ones(2, 3), Faded(), "apply")
