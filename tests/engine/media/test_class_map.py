"""Semantic maps: the numbers of a file, and nothing that could be mistaken for them."""

import numpy as np
import pytest
import torch
from PIL import Image

from superpose import RecipeError
from superpose.media.class_map import read_class_map

NUMBERS = np.array([[0, 3, 7], [7, 1, 2]], np.uint8)


@pytest.mark.parametrize("suffix", ["png", "bmp"])
def test_the_numbers_of_a_palette_are_read_and_not_its_colours(suffix, tmp_path):
    image = Image.fromarray(NUMBERS).convert("L")
    image.putpalette([channel for i in range(256) for channel in (255 - i, i, 0)])
    image.save(tmp_path / f"map.{suffix}")
    read = read_class_map(tmp_path / f"map.{suffix}", (2, 3), 8)
    assert read.dtype == torch.int64
    assert read.tolist() == NUMBERS.tolist()


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_greys_are_numbers(kind, tmp_path):
    array = NUMBERS.astype(kind) * (100 if kind == np.uint16 else 1)
    Image.fromarray(array).save(tmp_path / "map.png")
    assert read_class_map(tmp_path / "map.png", (2, 3), 1000).tolist() == array.tolist()


def test_a_number_of_no_class(tmp_path):
    Image.fromarray(NUMBERS).save(tmp_path / "map.png")
    assert read_class_map(tmp_path / "map.png", (2, 3), 8).max() == 7
    with pytest.raises(RecipeError, match="has the class number 7, and the model knows the classes 0 to 6"):
        read_class_map(tmp_path / "map.png", (2, 3), 7)


def test_colours_and_formats_that_lose_numbers_are_refused(tmp_path):
    Image.new("RGB", (3, 2)).save(tmp_path / "map.png")
    with pytest.raises(RecipeError, match=r"is a picture of colours \(mode RGB\), and a semantic map has the number"):
        read_class_map(tmp_path / "map.png", (2, 3), 8)
    Image.fromarray(NUMBERS).save(tmp_path / "map.jpg")
    with pytest.raises(RecipeError, match=r"map\.jpg"):
        read_class_map(tmp_path / "map.jpg", (2, 3), 8)
