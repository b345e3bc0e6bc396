"""Attention maps as they lie beside images: what is written is read, what has changed is not, and how it is drawn."""

import base64
import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from superpose import RunError
from superpose.media.files import digest
from superpose.media.word_maps import MAPS, ShownWord, WordMaps, heat, read_maps


def made(folder, words=2, steps=3, height=4, width=5, seed=0):
    """An image and maps of it, in a folder."""
    path = folder / "0000.png"
    Image.new("RGB", (10, 8)).save(path)
    maps = np.random.default_rng(seed).integers(0, 256, (words, steps, height, width), np.uint8)
    shown = tuple(ShownWord(f"word{i}", "a prompt") for i in range(words))
    return WordMaps(shown, tuple(f"step {i}" for i in range(steps)), {path.name: maps}, {path.name: digest(path)})


@settings(max_examples=20)
@given(sizes=st.tuples(*[st.integers(1, 4)] * 4), seed=st.integers(0, 99))
def test_what_is_written_is_read(tmp_path_factory, sizes, seed):
    folder = tmp_path_factory.mktemp("maps")
    maps = made(folder, *sizes, seed)
    assert maps.write(folder) == folder / MAPS
    found = read_maps(folder)
    assert found == maps
    assert np.array_equal(found.images["0000.png"], maps.images["0000.png"])


def test_maps_of_an_image_that_changed_are_gone(tmp_path):
    maps = made(tmp_path)
    maps.write(tmp_path)
    Image.new("RGB", (10, 8), "red").save(tmp_path / "0000.png")
    assert read_maps(tmp_path).images == {}
    assert read_maps(tmp_path).tiles("0000.png", (8, 10)) == ()
    assert read_maps(tmp_path).atlas("0000.png") is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"words": [["A", "A"]], "steps": [], "images": 3, "hashes": {}}'])
def test_a_file_of_somebody_elses_is_not_read_and_kept(tmp_path, text):
    (tmp_path / MAPS).write_text(text)
    assert read_maps(tmp_path) is None
    with pytest.raises(RunError, match=r"maps\.json was not written by superpose maps: move it away"):
        made(tmp_path).write(tmp_path)
    assert (tmp_path / MAPS).read_text() == text


@pytest.mark.parametrize(("key", "value"), [("words", [["A", "A"]] * 3), ("steps", ["0"] * 4)])
def test_maps_that_are_not_so_many_are_not_read(tmp_path, key, value):
    made(tmp_path).write(tmp_path)
    plain = json.loads((tmp_path / MAPS).read_text())
    (tmp_path / MAPS).write_text(json.dumps({**plain, key: value}))
    assert read_maps(tmp_path) is None


def test_a_tile_is_the_mean_over_the_steps_by_the_most_that_it_is(tmp_path):
    maps = made(tmp_path)
    tiles = maps.tiles("0000.png", (8, 10))
    assert [one.label for one in tiles] == ["word0", "word1"]
    for tile, each in zip(tiles, maps.images["0000.png"].astype(float), strict=True):
        mean = each.mean(0)
        assert np.array_equal(tile.pixels, heat(mean / mean.max()).repeat(2, 0).repeat(2, 1))


def test_an_atlas_has_words_below_each_other_and_steps_side_by_side(tmp_path):
    maps = made(tmp_path)
    head, _, data = maps.atlas("0000.png").partition(",")
    assert head == "data:image/png;base64"
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))
    assert pixels.shape == (2 * 4, 3 * 5, 3)
    assert np.array_equal(pixels[4:, 10:], heat(maps.images["0000.png"][1, 2] / 255))


def test_heat_goes_from_black_to_white():
    got = heat(np.array([[0.0, 1 / 3, 2 / 3, 1.0]]))
    assert np.array_equal(got, [[[0, 0, 0], [255, 0, 0], [255, 255, 0], [255, 255, 255]]])
