"""The sheet is shown every picture that a recipe names, and nothing else that it names."""

import numpy as np
from PIL import Image

from superpose import load
from superpose.running.given import given_pictures

RECIPE = """
prompt = "A"
[model]
kind = "glyphs"
path = "weights"
[scheduler]
kind = "ddim"
[[constraint]]
kind = "inpaint"
image = "source.png"
mask = "mask.png"
[[constraint]]
kind = "sdedit"
image = "source.png"
"""

CODES = """
prompt = "between"
[model]
kind = "glyphs-diffae"
[[model.code]]
name = "a"
image = "source.png"
[[model.code]]
name = "b"
image = "mask.png"
[[model.code]]
name = "between"
between = ["a", "b"]
[scheduler]
kind = "ddim"
"""


def given(tmp_path, text):
    rng = np.random.default_rng(0)
    source, mask = rng.integers(0, 256, (32, 32, 3), np.uint8), rng.integers(0, 256, (16, 32), np.uint8)
    Image.fromarray(source).save(tmp_path / "source.png")
    Image.fromarray(mask).save(tmp_path / "mask.png")
    (tmp_path / "weights").mkdir()
    (tmp_path / "recipe.toml").write_text(text)
    found = given_pictures(load(tmp_path / "recipe.toml"))
    assert np.array_equal(found[0].pixels, source)
    assert np.array_equal(found[1].pixels, mask[:, :, None].repeat(3, 2))
    return [one.label for one in found]


def test_each_picture_once_called_as_its_option_is(tmp_path):
    assert given(tmp_path, RECIPE) == ["image", "mask"]


def test_pictures_of_codes(tmp_path):
    assert given(tmp_path, CODES) == ["image", "image"]


def test_a_picture_that_a_camera_turned(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (16, 32, 3), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(tmp_path / "source.png", exif=exif)
    Image.fromarray(pixels[0:16]).save(tmp_path / "mask.png")
    (tmp_path / "recipe.toml").write_text(RECIPE.replace('path = "weights"\n', ""))
    shown = given_pictures(load(tmp_path / "recipe.toml"))
    assert [one.pixels.shape for one in shown] == [(32, 16, 3), (16, 32, 3)]


def test_a_picture_that_is_fitted_is_shown_as_it_is(tmp_path):
    wide = np.random.default_rng(0).integers(0, 256, (32, 64, 3), np.uint8)
    Image.fromarray(wide).save(tmp_path / "source.png")
    text = (
        'prompt = "A"\n[model]\nkind = "glyphs"\n[scheduler]\nkind = "ddim"\n'
        '[[constraint]]\nkind = "sdedit"\nimage = "source.png"\nfit = "cover"\n'
    )
    (tmp_path / "recipe.toml").write_text(text)
    [shown] = given_pictures(load(tmp_path / "recipe.toml"))
    assert np.array_equal(shown.pixels, wide[:, 16:48])
