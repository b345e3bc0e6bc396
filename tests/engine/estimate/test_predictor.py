"""Predictors: conditions are put together row for row, and what is not said is that of a network of pixels."""

import pytest
import torch

from superpose import Condition, Conditioning, NoisePredictor, Prediction, TableSchedule


class Plain(NoisePredictor):
    """Says nothing but what it must."""

    schedule, parameterization, shape = TableSchedule.named("linear"), "epsilon", (3, 4, 5)
    device = torch.device("cpu")

    def condition(self, prompt):
        return Condition(prompt, {"row": torch.full((1, 2), float(len(prompt))), "mask": torch.ones(1, 1)})

    def predict(self, x, level, conditioning):
        return Prediction(x)


def test_conditions_are_gathered_row_for_row_in_their_order():
    network = Plain()
    one, two = network.condition("a"), network.condition("abc")
    gathered = network.gather([two, one, two])
    assert set(gathered) == {"row", "mask"}
    assert gathered["row"].tolist() == [[3, 3], [1, 1], [3, 3]]
    assert gathered["mask"].shape == (3, 1)
    assert network.gather([one])["row"].tolist() == [[1, 1]]


def test_conditions_without_tensors_gather_to_nothing():
    assert Plain().gather([Condition("a"), Condition("b")]) == {}


def test_equal_conditions_are_different_ones_so_that_each_prompt_is_made_once():
    network = Plain()
    one, again = network.condition("a"), network.condition("a")
    assert one == one  # noqa: PLR0124  (by identity)
    assert one != again
    assert len({one, again}) == 2
    assert Conditioning() != Conditioning()


def test_what_is_not_said_is_a_network_of_pixels_that_torch_can_differentiate():
    network, images = Plain(), torch.zeros(2, 3, 4, 5)
    assert network.image_shape == network.shape
    assert network.encode(images) is images
    assert network.decode(images) is images
    assert network.conditioning(None, lambda purpose="step": images) is None
    assert (network.learned_variance, network.clip, network.concat_conditioning) == ("none", None, ())
    assert network.differentiable
    assert network.process.name == "gaussian"


@pytest.mark.parametrize("missing", ["condition", "predict"])
def test_what_every_network_must_say_is_asked_for(missing):
    cls = type("Half", (NoisePredictor,), {name: getattr(Plain, name) for name in {"condition", "predict"} - {missing}})
    with pytest.raises(TypeError, match=missing):
        cls()
