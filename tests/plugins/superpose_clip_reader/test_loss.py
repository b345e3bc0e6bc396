"""CLIP as a loss: what transformers says, per image, and guidance towards it."""

import pytest
import torch

from problems import told
from superpose import make, prompted, sample
from superpose.testing.gaussian import GaussianImages
from superpose_constraints.tfg import Settings, Towards
from tiny_clip import wanted, written

SHAPE = (3, 32, 32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return written(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def loss(folder):
    return make("loss", "clip", path=folder, text="a cat").bound_to(SHAPE)


def test_it_is_one_less_the_cosine_of_transformers(folder, loss):
    images = torch.rand(3, *SHAPE, generator=torch.Generator().manual_seed(0)) * 2 - 1
    logits, scale = wanted(folder, images, ["a cat"])
    torch.testing.assert_close(loss.of(images).double(), 1 - logits[:, 0] / scale, atol=1e-5, rtol=0)


def test_images_of_another_size_are_brought_to_it(folder, loss):
    large = make("loss", "clip", path=folder, text="a cat").bound_to((3, 64, 64))
    flat = torch.full((1, 3, 64, 64), 0.4)
    torch.testing.assert_close(large.of(flat), loss.of(flat[..., ::2, ::2]), atol=1e-5, rtol=0)


def test_images_are_led_towards_the_text(loss):
    network, scheduler = GaussianImages(SHAPE), make("scheduler", "ddim", steps=10)

    def far(*rules):
        images = sample(prompted(network, ""), scheduler, network, samples=3, constraints=rules)
        return loss.of(images)

    led, free = far(Towards(loss=loss, settings=Settings(scale=30.0))), far()
    assert (led < free - 0.02).all(), f"led {led.tolist()}, free {free.tolist()}"


def test_what_does_not_fit_is_told_with_the_cure(folder, tmp_path):
    kind = make("loss", "clip", path=folder, text="a cat")
    assert "CLIP reads squares of 3 colours, which images of (3, 8, 9) are not: use a model of" in told(kind, (3, 8, 9))
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    assert "is no CLIPModel of transformers" in told(make("loss", "clip", path=tmp_path, text="a cat"), SHAPE)
