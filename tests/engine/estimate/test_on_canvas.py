"""The owner of a canvas: of its states it says what a network says, and it is asked nothing itself."""

import pytest
import torch

from superpose import LawError, NoiseLevel, prompted
from superpose.estimate.lawful import check_law
from superpose.estimate.on_canvas import OnCanvas, misshapen
from superpose.testing.predictors import TinyPredictor

LEVEL = NoiseLevel(0, 500.0, 0.6, 0.8)


class Latent(TinyPredictor):
    """Paints latents, twice as large as which its pictures are; both ways depend on the place in an image."""

    image_shape = (3, 16, 16)

    def encode(self, images):
        return images[..., ::2, ::2] + torch.arange(float(images.shape[-2] // 2)).view(-1, 1)

    def decode(self, states):
        lowered = states - torch.arange(float(states.shape[-2])).view(-1, 1)
        return lowered.repeat_interleave(2, -1).repeat_interleave(2, -2)


def test_it_has_the_canvas_s_size_and_all_else_from_the_network():
    network = Latent()
    canvas = OnCanvas(network, (3, 16, 24), 2)
    assert (canvas.shape, canvas.image_shape) == ((3, 16, 24), (3, 32, 48))
    for name in ("schedule", "process", "parameterization", "learned_variance", "clip", "device", "differentiable"):
        assert getattr(canvas, name) == getattr(network, name), name
    assert canvas.condition("a").tensors.keys() == network.condition("a").tensors.keys()
    assert canvas.conditioning(None, None) is None


def test_canvases_are_encoded_and_decoded_each_for_itself():
    network = Latent()
    canvas, alone = OnCanvas(network, (3, 16, 8), 2), torch.randn(2, 2, 3, 8, 8)
    whole = torch.cat(tuple(alone), -2)
    assert torch.equal(canvas.decode(whole), torch.cat([network.decode(one) for one in alone], -2))
    pictures = canvas.decode(whole)
    assert torch.equal(canvas.encode(pictures), torch.cat([network.encode(p) for p in pictures.chunk(2, -2)], -2))
    one = OnCanvas(network, (3, 16, 8))
    assert torch.equal(one.decode(whole), network.decode(whole))


def test_the_network_is_not_asked_about_a_whole_canvas():
    canvas = OnCanvas(TinyPredictor(), (3, 8, 24))
    with pytest.raises(LawError, match="sees images of 8x8, and is shown 8x24: show it parts of its size"):
        canvas.predict(torch.zeros(1, 3, 8, 24), LEVEL, {})
    assert "8x8" in misshapen((3, 8, 8), (3, 16, 16))


def test_a_tree_that_shows_a_network_another_size_is_unlawful():
    with pytest.raises(LawError, match="sees images of 8x8, and is shown 8x24"):
        check_law(prompted(TinyPredictor(), "a"), (3, 8, 24), [LEVEL])
