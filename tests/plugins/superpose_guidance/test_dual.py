"""Guidance by a text and by an image."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor

from superpose import NoiseLevel, Prediction, make, prompted, viewed
from superpose.testing.predictors import TinyPredictor

MOMENT = NoiseLevel(0, 500.0, 0.6, 0.8)
SCALES = [(7.5, 1.5), (1.0, 1.0), (0.0, 1.5), (3.0, 3.0), (2.0, 0.0)]


class Seeing(TinyPredictor):
    """A network that sees an image of as many channels beside the state."""

    def predict(self, x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Prediction:
        state, image = x.split(self.shape[0], 1)
        return super().predict(state + torch.tanh(image).roll(1, -1), level, conditioning)


@pytest.fixture
def x() -> Tensor:
    return torch.randn(2, 6, 8, 8, generator=torch.Generator().manual_seed(0))


def dual(network, text, image):
    conditions = network.condition("cat"), network.condition("")
    return make("guidance", "dual", text=text, image=image).denoiser(network, *conditions)


@pytest.mark.parametrize(("text", "image"), SCALES)
def test_it_is_the_formula(text, image, x) -> None:
    network, blind = Seeing(), x.clone()
    blind[:, 3:] = 0
    c, i = (prompted(network, prompt)(x, MOMENT).clean for prompt in ("cat", ""))
    u = prompted(network, "")(blind, MOMENT).clean
    denoiser = dual(network, text, image)
    denoiser.check((3, 8, 8))
    torch.testing.assert_close(denoiser(x, MOMENT).clean, u + text * (c - i) + image * (i - u), atol=1e-4, rtol=1e-5)


def test_it_asks_three_times_at_most(x) -> None:
    for (text, image), rows in zip(SCALES, (6, 2, 4, 4, 6), strict=True):
        network = Seeing()
        dual(network, text, image)(x, MOMENT)
        assert network.blocks == [rows], f"text {text}, image {image}"


def test_a_network_that_sees_no_image_is_guided_by_the_text(x) -> None:
    network = TinyPredictor()
    conditions = network.condition("cat"), network.condition("")
    plain = make("guidance", "cfg", scale=7.5).denoiser(network, *conditions)
    got = make("guidance", "dual").denoiser(network, *conditions)(x[:, :3], MOMENT).clean
    torch.testing.assert_close(got, plain(x[:, :3], MOMENT).clean, atol=1e-4, rtol=1e-5)


def test_the_image_is_seen_through_the_view(x) -> None:
    network, flip = Seeing(), make("view", "flip")
    one = viewed([(flip, dual(network, 7.5, 1.5))], channels=3)
    one.check((3, 8, 8))
    got = one(x, MOMENT).clean
    turned = torch.cat([flip.apply(part) for part in x.split(3, 1)], 1)
    torch.testing.assert_close(got, flip.invert(dual(network, 7.5, 1.5)(turned, MOMENT).clean))


@pytest.mark.parametrize(("text", "image"), SCALES)
def test_it_is_a_product_of_three_densities_and_says_how_far_they_disagree(text, image, x) -> None:
    network, blind = Seeing(), x.clone()
    blind[:, 3:] = 0
    c, i = (prompted(network, prompt)(x, MOMENT).clean for prompt in ("cat", ""))
    u = prompted(network, "")(blind, MOMENT).clean
    shares = {"c": (text, c), "i": (image - text, i), "u": (1 - image, u)}
    whole = sum(share * clean for share, clean in shares.values())
    want = sum(share * (clean - whole).double().square().sum((1, 2, 3)) for share, clean in shares.values())
    got = dual(network, text, image).with_dispersion()(x, MOMENT).dispersion
    torch.testing.assert_close(got, want, rtol=1e-3, atol=1e-2)
