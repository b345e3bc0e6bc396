"""CLIP's encoders, held to transformers' own model."""

import pytest
import torch

from superpose import NoiseLevel, RecipeError, make
from superpose_clip_reader.encoders import load_encoders
from tiny_clip import wanted, written


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return written(tmp_path_factory.mktemp("clip"))


def test_logits_are_those_of_transformers(folder):
    images = torch.rand(5, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    reader = make("classifier", "clip-reader", path=folder).among(["a cat", "two dogs", "a cat"])
    assert (reader.classes, reader.label("two dogs"), reader.shape) == (2, 1, (3, 32, 32))
    asked = make("classifier", "clip-reader", path=folder, template="a {}").among(["cat"]).load()
    network = reader.load()
    want, scale = wanted(folder, images, ["a cat", "two dogs"])
    got = network.logits(images, reader.schedule.level(0, 0))
    assert torch.allclose(got.double(), want, atol=1e-5)
    assert want.std(0).min() > 1e-2, "all images are alike to it: nothing is tested"
    assert torch.allclose(network.alignment(got).double(), want / scale, atol=1e-5)
    assert network.alignment(got).abs().max() <= 1
    assert torch.allclose(asked.cosines.texts[0], network.cosines.texts[0], atol=1e-6), "a template is not filled in"


def test_colours_are_those_of_the_folder(folder):
    """The same pixels, shifted and scaled, to a network that is told so."""
    from superpose_clip_reader.classifier import DEVIATION, MEAN

    images = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    usual = load_encoders(folder, ["a cat", "a dog"], 32, (MEAN, DEVIATION), "cpu", "float32")
    half = [m / 2 + 0.25 for m in MEAN], [d / 2 for d in DEVIATION]
    other = load_encoders(folder, ["a cat", "a dog"], 32, half, "cpu", "float32")
    level = NoiseLevel(0, 0.0, 1.0, 0.0)  # of clean images, as whatever it would be
    torch.testing.assert_close(other.logits(images / 2, level), usual.logits(images, level), atol=1e-4, rtol=1e-4)
    assert not torch.allclose(other.logits(images, level), usual.logits(images, level), atol=1e-2)


def test_texts_are_unit_vectors_and_may_be_too_long(folder):
    texts = ["a cat", "a cat and a dog and " * 30]
    encoders = load_encoders(folder, texts, 32, ((0.5,) * 3, (0.5,) * 3), "cpu", "float32")
    torch.testing.assert_close(encoders.cosines.texts.norm(dim=1), torch.ones(2))
    assert not any(parameter.requires_grad for parameter in encoders.cosines.parameters())


def test_a_folder_that_is_none_is_refused_by_its_name(tmp_path):
    with pytest.raises(RecipeError, match="can't be read as a CLIPModel with its tokenizer"):
        load_encoders(tmp_path, ["a"], 32, ((0.5,) * 3, (0.5,) * 3), "cpu", "float32")
