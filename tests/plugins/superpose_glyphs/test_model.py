"""The embedded models as recipes name them, and folders of one's own."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
import torch

from made_glyphs import folder_of_images
from superpose import PromptError, RecipeError, make, refuse
from superpose_glyphs.judge.drawing import Draw, guided
from superpose_glyphs.model import Glyphs, GlyphsCascade, GlyphsMoved, prompts_of, seen_shape, trained
from superpose_glyphs.train.run import main
from superpose_glyphs.unshuffled import config
from superpose_glyphs.vocabulary import PROMPTS
from superpose_networks import UNet2DConfig


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return folder_of_images(tmp_path / "own")


def test_a_model_of_own_images_knows_their_labels(folder: Path, tmp_path: Path) -> None:
    main(["glyphs", "--data", str(folder), "--state", str(tmp_path), "--threads", "1", "--batch", "2", "--steps", "1"])
    model = Glyphs(path=tmp_path / "weights")
    refuse(model.prompt_problems("cat"), PromptError)
    with pytest.raises(PromptError, match=r"unknown prompt 'cats'; nearest: 'cat'"):
        refuse(model.prompt_problems("cats"), PromptError)
    predictor = model.load()
    x = torch.randn(1, *model.shape)
    level = predictor.schedule.level(0, 500)
    assert predictor.predict(x, level, predictor.condition("dog").tensors).output.shape == x.shape
    with pytest.raises(RecipeError, match="has no diffusion_pytorch_model"):
        Glyphs(path=tmp_path).weights()


@pytest.mark.parametrize(("side", "channels", "size"), [(32, 3, 32), (16, 12, 32), (16, 48, 64), (8, 108, 48)])
def test_a_shape_is_that_of_the_squares_a_network_sees(side: int, channels: int, size: int) -> None:
    told = UNet2DConfig.from_mapping(config(side, channels, (8, 16)))
    assert seen_shape(told) == (3, size, size)


@pytest.mark.parametrize("channels", [1, 4, 6, 15])
def test_channels_that_are_no_squares_of_pixels_are_refused(channels: int) -> None:
    told = UNet2DConfig.from_mapping(config(16, channels, (8, 16)))
    with pytest.raises(RecipeError, match="in_channels 3 times a square"):
        seen_shape(told)
    with pytest.raises(RecipeError, match="sample_size must be whole"):
        seen_shape(attrs.evolve(told, in_channels=12, sample_size=None))


def test_prompts_are_those_beside_the_weights(tmp_path: Path) -> None:
    assert prompts_of(tmp_path) == PROMPTS
    (tmp_path / "prompts.json").write_text('["cat", ""]')
    assert prompts_of(tmp_path) == ("cat", "")
    (tmp_path / "prompts.json").write_text('["cat"')
    with pytest.raises(RecipeError, match=r"prompts\.json is not valid JSON"):
        prompts_of(tmp_path)


def test_a_folder_without_weights_is_told_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="has no x; write the folder 'weights' of a training run"):
        trained(tmp_path, "glyphs", "x")
    (tmp_path / "x").touch()
    assert trained(tmp_path, "glyphs", "x") == tmp_path
    assert trained(None, "glyphs", "config.json").name == "glyphs"


def test_what_is_embedded_is_known_without_its_weights() -> None:
    assert Glyphs().shape == (3, 32, 32)
    assert Glyphs().prompts == PROMPTS
    assert (GlyphsCascade().shape, GlyphsCascade().upscales, GlyphsCascade().learned_variance) == (
        (3, 64, 64),
        True,
        "learned_range",
    )
    refuse(GlyphsCascade().prompt_problems("anything at all"), PromptError)
    with pytest.raises(RecipeError, match="400"):
        make("model", "glyphs-cascade", noise_level=401)


def test_letters_that_move_stand_in_more_places_and_sizes() -> None:
    assert GlyphsMoved().prompts == Glyphs().prompts == PROMPTS
    spreads = dict[str, float]()
    for model in (Glyphs(), GlyphsMoved()):
        images = Draw(model.load(), guided("cfg", 3.0, 1.0), steps=10, each=16).glyph("o")
        ink = (1 - images.mean(1)).clamp(0, 1)
        spreads[model.kind] = float((ink > 0.5).any(2).sum(1).float().std())
    assert spreads["glyphs-moved"] > 2 * spreads["glyphs"]
