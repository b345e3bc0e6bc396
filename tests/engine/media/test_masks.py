"""Reading masks: white is painted anew, black is kept, and what can't mean that is refused with the cure."""

import numpy as np
import pytest
import torch
from PIL import Image

from superpose import RecipeError, read_mask


def saved(array, path):
    Image.fromarray(array).save(path)
    return path


def test_white_is_one_and_black_is_zero(tmp_path):
    array = np.array([[0, 0], [0, 255]], np.uint8)
    mask = read_mask(saved(array, tmp_path / "m.png"), (2, 2))
    assert mask.tolist() == [[[0, 0], [0, 1]]]
    assert mask.dtype == torch.float32


def test_greys_are_shares_where_they_may_be(tmp_path):
    array = np.array([[0, 51], [204, 255]], np.uint8)
    mask = read_mask(saved(array, tmp_path / "m.png"), (2, 2), soft=True)
    assert mask.flatten().tolist() == pytest.approx([0, 0.2, 0.8, 1])


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA"])
def test_every_way_to_write_black_and_white(mode, tmp_path):
    array = np.array([[0, 0], [0, 255]], np.uint8)
    image = Image.fromarray(array)
    (image.convert("RGB").quantize(2) if mode == "P" else image.convert(mode)).save(tmp_path / "m.png")
    assert read_mask(tmp_path / "m.png", (2, 2)).tolist() == [[[0, 0], [0, 1]]]


def test_sixteen_bits(tmp_path):
    array = np.array([[0, 65535]], np.uint16)
    assert read_mask(saved(array, tmp_path / "m.png"), (1, 2)).tolist() == [[[0, 1]]]


@pytest.mark.parametrize(
    ("pixels", "says"),
    [
        ([[0, 1]], "nowhere lighter than 1 of 255.*saved with the values 0 and 1, multiply them by 255"),
        ([[0, 0]], "nowhere lighter than 0 of 255, so that nothing would be painted anew"),
        ([[0, 20]], "nowhere lighter than 20 of 255"),
        ([[200, 200]], "is 200 of 255 throughout"),
        ([[0, 7, 255]], "1 of this mask's 3 places are grey, and here a mask is black or white.*JPEG leaves greys"),
        ([[[0, 0, 0], [255, 0, 0]]], "has colours; a mask is grey.*in each other's place"),
        ([[[0, 0, 0, 0], [255, 255, 255, 255]]], "has transparent places.*flatten it"),
        ([[[0, 0, 0, 255], [0, 0, 0, 0]]], "has transparent places.*flatten it"),
    ],
)
def test_what_says_nothing_is_refused_with_the_cure(pixels, says, tmp_path):
    array = np.array(pixels, np.uint8)
    with pytest.raises(RecipeError, match=r"m\.png: .*" + says):
        read_mask(saved(array, tmp_path / "m.png"), array.shape[:2])


def test_sixteen_bits_of_the_values_0_and_1(tmp_path):
    path = saved(np.array([[0, 1]], np.uint16), tmp_path / "m.png")
    with pytest.raises(RecipeError, match="multiply them by 255"):
        read_mask(path, (1, 2))
