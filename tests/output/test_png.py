"""Images that know how they were made."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from superpose import RecipeError
from superpose.output.png import Origin, read_origin, write_png

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(
    recipe=texts,
    sample=st.integers(0, 10**6),
    versions=st.dictionaries(texts, texts, max_size=3),
    inputs=st.dictionaries(texts, st.binary(max_size=50), max_size=3),
)
def test_an_origin_survives_the_file(recipe, sample, versions, inputs, tmp_path_factory):
    path = tmp_path_factory.mktemp("png") / "image.png"
    origin = Origin(recipe, sample, versions, {"net": "ab"}, "cpu", inputs)
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    write_png(path, pixels, origin)
    assert read_origin(path) == origin
    with Image.open(path) as image:
        assert np.array_equal(np.asarray(image), pixels)


def test_equal_origins_make_equal_bytes(tmp_path):
    pixels = np.zeros((4, 4, 3), np.uint8)
    one = Origin("r", 1, {"a": "1", "b": "2"}, {})
    two = Origin("r", 1, {"b": "2", "a": "1"}, {})
    write_png(tmp_path / "one.png", pixels, one)
    write_png(tmp_path / "two.png", pixels, two)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "not a readable PNG"), (b"\x89PNG\r\n\x1a\n", "not a readable PNG"), (None, "no such file")],
)
def test_a_broken_file_is_named(content, says, tmp_path):
    path = tmp_path / "image.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RecipeError, match=rf"image\.png: {says}"):
        read_origin(path)


def test_somebody_elses_text_under_our_name_is_refused(tmp_path):
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_itxt("superpose", '{"hello": 1}')
    Image.new("L", (4, 4)).save(tmp_path / "image.png", pnginfo=info)
    with pytest.raises(RecipeError, match="the recipe inside can't be read"):
        read_origin(tmp_path / "image.png")


def test_gray_images_are_written_as_gray(tmp_path):
    write_png(tmp_path / "gray.png", np.full((4, 6, 1), 7, np.uint8))
    with Image.open(tmp_path / "gray.png") as image:
        assert image.mode == "L"
