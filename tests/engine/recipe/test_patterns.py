"""Paths that name several files: patterns, in an order that people count in, and films."""

import numpy as np
import pytest
from PIL import Image

from superpose import RecipeError, load
from superpose.recipe.patterns import is_film, is_pattern, matches, several, with_files

RECIPE = """prompt = "A"
[model]
kind = "glyphs"
[scheduler]
kind = "ddim"
[[constraint]]
kind = "inpaint"
image = "f*.png"
mask = "m.png"
"""


def files(folder, *names):
    for name in names:
        Image.fromarray(np.zeros((32, 32, 3), np.uint8)).save(folder / name)


def recipe(folder, text=RECIPE):
    (folder / "r.toml").write_text(text)
    return load(folder / "r.toml")


def test_numbers_are_counted_and_folders_are_no_files(tmp_path):
    files(tmp_path, "f10.png", "f2.png", "f1.png", "g1.png")
    (tmp_path / "f3.png").mkdir()
    assert [path.name for path in matches(tmp_path / "f*.png")] == ["f1.png", "f2.png", "f10.png"]
    assert matches(tmp_path / "nowhere" / "*") == ()


def test_a_file_is_no_pattern_whatever_it_is_called(tmp_path):
    files(tmp_path, "a[1].png")
    assert not is_pattern(tmp_path / "a[1].png")
    assert is_pattern(tmp_path / "a[2].png")
    assert not is_pattern(tmp_path / "a.png")


def test_a_recipe_tells_which_of_its_paths_name_several_files(tmp_path):
    files(tmp_path, "f1.png", "f2.png", "m.png")
    found = recipe(tmp_path)
    assert several(found) == (tmp_path / "f*.png",)
    alone = with_files(found, {tmp_path / "f*.png": tmp_path / "f2.png"})
    assert alone.constraint[0].image == tmp_path / "f2.png"
    assert alone.constraint[0].mask == found.constraint[0].mask
    assert several(alone) == ()
    assert with_files(alone, {}) == alone


def test_a_pattern_that_names_no_file_is_a_mistake_at_its_place(tmp_path):
    files(tmp_path, "m.png")
    with pytest.raises(RecipeError, match=r"r\.toml:8:1: constraint\.0\.image: no file matches .*f\*\.png"):
        recipe(tmp_path)


def test_a_picture_that_moves_is_a_film_and_one_that_does_not_is_none(tmp_path):
    stills = [Image.fromarray(np.full((8, 8, 3), shade, np.uint8)) for shade in (0, 90)]
    stills[0].save(tmp_path / "still.gif")
    stills[0].save(tmp_path / "moving.gif", save_all=True, append_images=stills[1:])
    (tmp_path / "broken.gif").write_bytes(b"GIF89a")
    assert is_film(tmp_path / "moving.gif")
    assert is_film(tmp_path / "any.mp4")
    assert not is_film(tmp_path / "still.gif")
    assert not is_film(tmp_path / "broken.gif")
