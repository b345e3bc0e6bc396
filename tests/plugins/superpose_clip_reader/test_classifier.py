"""CLIP as a classifier: its classes are texts, its files are checked."""

import json

import pytest

from superpose import PromptError, RecipeError, make
from superpose_clip_reader.classifier import DEVIATION, MEAN, Facts
from tiny_clip import written


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return written(tmp_path_factory.mktemp("clip"))


def test_what_does_not_fit_is_refused(folder, tmp_path):
    reader = make("classifier", "clip-reader", path=folder)
    with pytest.raises(RecipeError, match="has no texts to tell images apart by"):
        reader.load()
    with pytest.raises(RecipeError, match=r"template 'cat' has no place for the text: write \{\}"):
        make("classifier", "clip-reader", path=folder, template="cat")
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(RecipeError, match="is no CLIPModel of transformers"):
        _ = make("classifier", "clip-reader", path=tmp_path).shape
    (tmp_path / "config.json").write_bytes((folder / "config.json").read_bytes())
    with pytest.raises(RecipeError, match=r"has no model\.safetensors"):
        make("classifier", "clip-reader", path=tmp_path).weights()


def told(folder, vision=None, colours=None):
    """The facts of a folder that says these."""
    config = {"model_type": "clip", "vision_config": {"image_size": 32} if vision is None else vision}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "preprocessor_config.json").write_text(json.dumps(colours or {}))
    return make("classifier", "clip-reader", path=folder).metadata


def test_sizes_and_colours_are_those_of_the_files(tmp_path):
    assert told(tmp_path) == Facts(32, MEAN, DEVIATION)
    assert told(tmp_path, {}).size == 224
    colours = {"image_mean": [0.5, 0.4, 0.3], "image_std": [1, 0.5, 0.25]}
    assert told(tmp_path, colours=colours) == Facts(32, (0.5, 0.4, 0.3), (1.0, 0.5, 0.25))


@pytest.mark.parametrize(
    ("vision", "colours", "why"),
    [
        ({"image_size": "large"}, {}, "image_size"),
        ({"image_size": 0}, {}, "image_size"),
        (None, {"image_mean": [0.5]}, "image_mean"),
        (None, {"image_mean": "grey"}, "image_mean"),
        (None, {"image_std": [0.5, 0, 0.5]}, "image_std"),
        (None, {"image_std": [0.5, "x", 0.5]}, "image_std"),
    ],
)
def test_files_that_say_what_can_not_be_are_refused_by_what_they_say(tmp_path, vision, colours, why):
    with pytest.raises(RecipeError, match=rf"{why} = .* is not"):
        told(tmp_path, vision, colours)


def test_classes_are_texts_each_once(folder):
    reader = make("classifier", "clip-reader", path=folder, texts=("a", "b")).among(["b", "c", "c"])
    assert reader.texts == ("a", "b", "c")
    assert [reader.label(text) for text in reader.texts] == [0, 1, 2]
    with pytest.raises(PromptError, match="was told of a, b, c: 'd'"):
        reader.label("d")
    with pytest.raises(PromptError, match="was told of no texts"):
        make("classifier", "clip-reader", path=folder).label("a")
