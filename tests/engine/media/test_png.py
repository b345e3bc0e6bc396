"""Images that know how they were made."""

import json
import os
import struct
import tracemalloc
import zlib
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fuzzing import fuzz
from superpose import RecipeError
from superpose.media.png import Origin, read_origin, write_png

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(
    recipe=texts,
    sample=st.integers(0, 10**6),
    versions=st.dictionaries(texts, texts, max_size=3),
    inputs=st.dictionaries(texts, st.binary(max_size=50), max_size=3),
    files=st.dictionaries(texts, texts, max_size=3),
)
def test_an_origin_survives_the_file(recipe, sample, versions, inputs, files, tmp_path_factory):
    path = tmp_path_factory.mktemp("png") / "image.png"
    origin = Origin(recipe, sample, versions, {"net": "ab"}, "cpu", inputs, files)
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


def chunk(kind, data, check=None):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check or zlib.crc32(kind + data))


def forged(*chunks):
    """A PNG file of one pixel with these chunks in it."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(b"\0\0"))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + body + chunk(b"IEND", b"")


def text(value, *, packed=True, keyword=b"superpose"):
    data = zlib.compress(value) if packed else value
    return chunk(b"iTXt", keyword + b"\0" + bytes([packed]) + b"\0\0\0" + data)


GOOD = json.loads(Origin("r", 1, {"a": "1"}, {}).to_json())


class TestForged:
    """Files of strangers: refused in a sentence, and read in little memory."""

    def refused(self, data, tmp_path):
        (tmp_path / "image.png").write_bytes(data)
        with pytest.raises(RecipeError, match=r"image\.png: (not a readable PNG|.* inside)") as error:
            read_origin(tmp_path / "image.png")
        assert len(str(error.value)) < 600 + len(str(tmp_path))
        return str(error.value)

    def test_a_text_that_follows_the_pixels_is_read(self, tmp_path):
        good = text(json.dumps(GOOD).encode(), packed=False)
        end = chunk(b"IEND", b"")
        (tmp_path / "image.png").write_bytes(forged().removesuffix(end) + good + end)
        assert read_origin(tmp_path / "image.png") == Origin("r", 1, {"a": "1"}, {})

    @pytest.mark.parametrize(
        "change",
        [
            {"recipe": 3},
            {"recipe": None},
            {"sample": "1"},
            {"sample": -1},
            {"sample": True},
            {"sample": 2**70},
            {"versions": []},
            {"versions": {"a": 1}},
            {"weights": {"a": ["b"]}},
            {"weights": "ab"},
            {"files": {"a": None}},
            {"device": {}},
            {"inputs": {"a": 1}},
            {"inputs": {"a": "not base 64!"}},
            {"inputs": [1]},
            {"more": 1},
        ],
        ids=str,
    )
    def test_wrong_types(self, change, tmp_path):
        said = self.refused(forged(text(json.dumps(GOOD | change).encode())), tmp_path)
        assert "the recipe inside can't be read" in said

    @pytest.mark.parametrize(
        ("value", "says"),
        [
            (b"\xff\xfe", "can't be read"),
            (b"[" * 200_000, "can't be read"),
            (b"{" + b"1" * 5000 + b"}", "can't be read"),
            (b"\0" * 100, "can't be read"),
            (b"null", "can't be read"),
            (b'{"inputs": {}, "recipe": "\x1b[2J"', "can't be read"),
        ],
        ids=range(6),
    )
    def test_what_is_no_origin(self, value, says, tmp_path):
        said = self.refused(forged(text(value)), tmp_path)
        assert says in said
        assert said.isprintable()

    def test_two_recipes(self, tmp_path):
        good = text(json.dumps(GOOD).encode())
        assert "2 recipes inside" in self.refused(forged(good, good), tmp_path)

    def test_cut_off_anywhere(self, tmp_path):
        whole = forged(text(json.dumps(GOOD).encode()))
        for end in range(len(whole)):
            self.refused(whole[:end], tmp_path)

    def test_a_damaged_byte_anywhere(self, tmp_path):
        whole = forged(text(json.dumps(GOOD).encode()))
        for place in range(len(whole)):
            self.refused(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :], tmp_path)

    def test_a_pipe_is_not_waited_for(self, tmp_path):
        os.mkfifo(tmp_path / "image.png")
        with pytest.raises(RecipeError, match="pipe"):
            read_origin(tmp_path / "image.png")

    @pytest.mark.parametrize("what", ["text", "pixels", "length"])
    def test_memory_is_bounded(self, what, tmp_path):
        """A text of a gigabyte that packs into one megabyte; 67 million pixels; a chunk that claims 2 GB."""
        packer = zlib.compressobj(9)
        bomb = b"".join(packer.compress(b" " * 2**20) for _ in range(300)) + packer.flush()
        data = {
            "text": forged(chunk(b"iTXt", b"superpose\0\1\0\0\0" + bomb)),
            "pixels": forged(chunk(b"IHDR", struct.pack(">IIBBBBB", 8190, 8190, 8, 6, 0, 0, 0)), chunk(b"IDAT", bomb)),
            "length": b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 2**31 - 1) + b"iTXt",
        }[what]
        tracemalloc.start()
        self.refused(data, tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 64 * 2**20, f"{peak / 2**20:.0f} MB"

    @fuzz(200)
    @given(
        parts=st.lists(
            st.tuples(
                st.sampled_from([b"iTXt", b"tEXt", b"zTXt", b"IDAT", b"IHDR", b"IEND", b"eXIf", b"\0\0\0\0"]),
                st.binary(max_size=60) | st.binary(max_size=30).map(lambda tail: b"superpose\0" + tail),
                st.sampled_from([None, 1]),
            ),
            max_size=5,
        ),
        values=st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*GOOD, "x"]), inner),
            max_leaves=8,
        ),
        noise=st.binary(max_size=20),
    )
    def test_whatever_is_inside_no_other_error_comes_out(self, parts, values, noise, tmp_path_factory):
        path = tmp_path_factory.mktemp("forged") / "image.png"
        merged = GOOD | values if isinstance(values, dict) else values
        chunks = [chunk(*part) for part in parts]
        for data in (forged(*chunks), forged(text(json.dumps(merged).encode()), *chunks), forged(text(noise)), noise):
            path.write_bytes(data)
            with suppress(RecipeError):
                assert isinstance(read_origin(path), Origin)


def test_an_origin_with_large_pictures_can_still_be_opened_by_everybody(tmp_path):
    """Pillow opens no file whose compressed text is of more than a megabyte."""
    origin = Origin("r", 0, {}, {}, "cpu", {"a.png": os.urandom(10) * 90_000})
    write_png(tmp_path / "a.png", np.zeros((4, 4, 3), np.uint8), origin)
    with Image.open(tmp_path / "a.png") as image:
        image.load()
    assert read_origin(tmp_path / "a.png") == origin
