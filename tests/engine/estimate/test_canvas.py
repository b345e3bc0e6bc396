"""Canvases: pictures of latents have another shape than their states, and only a network knows the way."""

import pytest
import torch

from small_models import First
from superpose import Canvas, RecipeError, make
from superpose.running.stand_in import StandIn
from superpose.testing.predictors import TinyPredictor


def test_in_pixels_a_picture_is_a_state():
    canvas = Canvas((3, 8, 8))
    picture = torch.rand(3, 8, 8)
    assert canvas.image_shape == (3, 8, 8)
    assert canvas.state_of(picture) is picture


def test_in_latents_nothing_is_known_before_the_weights():
    canvas = Canvas((4, 2, 2), image_shape=(3, 8, 8))
    state = canvas.state_of(torch.rand(3, 8, 8))
    assert state.shape == (4, 2, 2)
    assert not state.any()


def test_a_networks_canvas_is_what_it_says():
    network = TinyPredictor((3, 8, 8))
    canvas = Canvas.of(network, batch_size=3)
    assert (canvas.shape, canvas.image_shape, canvas.batch_size) == ((3, 8, 8), (3, 8, 8), 3)
    assert canvas.predictor is network
    picture = torch.rand(3, 8, 8)
    assert torch.equal(canvas.state_of(picture), picture)


def test_a_stand_in_of_latents_encodes_to_nothing():
    latent = make("model", "glyphs-ldm")
    canvas = Canvas.of(StandIn(latent, []))
    assert canvas.state_of(torch.rand(latent.image_shape)).shape == latent.shape
    assert Canvas.of(StandIn(First(), [])).state_of(torch.ones(3, 8, 8)).all()


def test_a_kind_is_about_a_prompt_that_is_shown():
    one, two, none = (Canvas((3, 8, 8), prompts=shown) for shown in (("A",), ("A", "V"), ()))
    assert one.prompt_of("it edits") == one.prompt_of("it edits", "A") == "A"
    assert two.prompt_of("it edits", "V") == "V"
    with pytest.raises(RecipeError, match="it edits one prompt, and what is shown has 'A', 'V': say which as prompt"):
        two.prompt_of("it edits")
    with pytest.raises(RecipeError, match="it edits 'W', and what is shown has 'A': name one of it"):
        one.prompt_of("it edits", "W")
    with pytest.raises(RecipeError, match="it edits 'W', and what is shown has none: name one of it"):
        none.prompt_of("it edits", "W")  # all that is shown lies between two prompts
    assert Canvas((3, 8, 8)).prompt_of("it edits", "W") == "W"  # nobody says what is shown
