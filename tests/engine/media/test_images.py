"""Reading images: exact, careful, and clear about what is wrong."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFile

from fuzzing import fuzz
from superpose import RecipeError, read_image, read_mask, to_pixels
from superpose.media import images
from superpose.media.images import pixels_of

RNG = np.random.default_rng(0)


def saved(array, path, **options):
    Image.fromarray(array).save(path, **options)
    return path


@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_survive_the_way_there_and_back(channels, tmp_path):
    every = np.arange(256, dtype=np.uint8).reshape(16, 16)
    array = every if channels == 1 else np.stack([every, every.T, every[::-1]], -1)
    read = read_image(saved(array, tmp_path / "a.png"), (channels, 16, 16))
    assert read.shape == (channels, 16, 16)
    assert read.dtype == torch.float32
    assert (float(read.min()), float(read.max())) == (-1, 1)
    assert np.array_equal(to_pixels(read[None])[0].squeeze(), array)


@given(st.floats(-1e6, 1e6, width=32))
def test_values_beyond_the_range_are_cut_off(value):
    [pixel] = to_pixels(torch.full((1, 1, 1, 1), value)).flatten()
    assert pixel == round(min(max((value + 1) * 127.5, 0), 255)) or abs((value + 1) * 127.5 % 1 - 0.5) < 1e-4


def test_pixels_have_channels_last_and_do_not_touch_the_images():
    images = torch.rand(2, 3, 4, 5)
    copy = images.clone()
    assert to_pixels(images).shape == (2, 4, 5, 3)
    assert torch.equal(images, copy)


@pytest.mark.parametrize("device", ["cpu", *["cuda"] * torch.cuda.is_available()])
def test_pixels_that_are_waited_for_later_are_those_of_images_as_they_were(device):
    images = torch.rand(2, 3, 4, 5, device=device) * 3 - 1.5
    want = to_pixels(images.cpu())
    wait = pixels_of(images)
    images.zero_()
    assert np.array_equal(wait(), want)
    assert wait().dtype == np.uint8


class TestModes:
    def test_transparency_is_laid_over_white(self, tmp_path):
        array = np.zeros((2, 2, 4), np.uint8)
        array[0, 0] = (10, 20, 30, 255)
        read = to_pixels(read_image(saved(array, tmp_path / "a.png"), (3, 2, 2))[None])[0]
        assert read[0, 0].tolist() == [10, 20, 30]
        assert read[1, 1].tolist() == [255, 255, 255]

    def test_a_palette_is_looked_up(self, tmp_path):
        image = Image.new("P", (2, 2))
        image.putpalette([1, 2, 3, 200, 100, 50])
        image.putpixel((1, 0), 1)
        image.save(tmp_path / "a.png")
        read = to_pixels(read_image(tmp_path / "a.png", (3, 2, 2))[None])[0]
        assert read[0, 1].tolist() == [200, 100, 50]
        assert read[1, 1].tolist() == [1, 2, 3]

    def test_a_palette_with_a_transparent_colour(self, tmp_path):
        image = Image.new("P", (2, 1))
        image.putpalette([1, 2, 3, 200, 100, 50])
        image.putpixel((1, 0), 1)
        image.save(tmp_path / "a.png", transparency=0)
        read = to_pixels(read_image(tmp_path / "a.png", (3, 1, 2))[None])[0]
        assert read.tolist() == [[[255, 255, 255], [200, 100, 50]]]

    def test_sixteen_bits_are_rounded_to_eight(self, tmp_path):
        array = np.array([[0, 257, 65535], [128, 129, 32896]], np.uint16)
        read = to_pixels(read_image(saved(array, tmp_path / "a.png"), (1, 2, 3))[None])[0, ..., 0]
        assert read.tolist() == [[0, 1, 255], [0, 1, 128]]

    @pytest.mark.parametrize(("kind", "channels", "more"), [(2, 3, b""), (4, 2, b""), (6, 4, b""), (0, 1, b"\1\0")])
    def test_sixteen_bits_that_would_be_cut_are_refused(self, kind, channels, more, tmp_path):
        """Half way up in 255 (pixels of 511 are 2 of 255, and 1 when they are cut); each way that PNG has."""
        rows = np.full((2, 1 + 2 * 3 * channels), [0] + [1, 255] * 3 * channels, np.uint8)
        header = struct.pack(">IIBBBBB", 3, 2, 16, kind, 0, 0, 0)
        parts = [(b"IHDR", header), *([(b"tRNS", more)] if more else []), (b"IDAT", zlib.compress(rows.tobytes()))]
        chunks = [
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
            for name, data in [*parts, (b"IEND", b"")]
        ]
        (tmp_path / "deep.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
        with pytest.raises(RecipeError, match=r"deep\.png: has 16 bits a channel, .*: save it with 8 bits a channel"):
            read_image(tmp_path / "deep.png", (3, 2, 3))
        with pytest.raises(RecipeError, match="16 bits a channel"):
            read_mask(tmp_path / "deep.png", (2, 3))

    @pytest.mark.parametrize("mode", ["1", "L", "LA", "CMYK", "YCbCr"])
    def test_other_modes_become_what_the_model_wants(self, mode, tmp_path):
        path = tmp_path / ("a.png" if mode in ("1", "L", "LA") else "a.jpg")
        Image.new("RGB", (4, 4), "white").convert(mode).save(path)
        for channels in (1, 3):
            assert read_image(path, (channels, 4, 4)).min() > 0.98, f"{mode} to {channels} channels"

    def test_the_orientation_of_a_camera_is_followed(self, tmp_path):
        exif = Image.Exif()
        exif[0x0112] = 6
        array = np.zeros((2, 3, 3), np.uint8)
        array[0] = 255
        path = saved(array, tmp_path / "a.png", exif=exif)
        read = read_image(path, (3, 3, 2))
        assert read[:, :, 1].min() == 1, "the upper row comes to the right"


class TestWhatIsWrong:
    def test_another_size(self, tmp_path):
        path = saved(np.zeros((2, 3), np.uint8), tmp_path / "a.png")
        says = r"a\.png: is 2x3 \(height x width\), and the model's images are 64x64: scale or crop it to that size"
        with pytest.raises(RecipeError, match=says):
            read_image(path, (3, 64, 64))
        with pytest.raises(RecipeError, match=says):
            read_mask(path, (64, 64))

    def test_no_such_file(self, tmp_path):
        with pytest.raises(RecipeError, match=r"no\.png: no such file$"):
            read_image(tmp_path / "no.png", (3, 4, 4))

    def test_a_folder(self, tmp_path):
        with pytest.raises(RecipeError, match="is a folder, not a file"):
            read_image(tmp_path, (3, 4, 4))

    def test_a_pipe_and_a_device_are_not_waited_for(self, tmp_path):
        os.mkfifo(tmp_path / "pipe.png")
        (tmp_path / "zero.png").symlink_to("/dev/zero")
        for name in ("pipe.png", "zero.png"):
            with pytest.raises(RecipeError, match=f"{name} is a pipe, a socket or a device"):
                read_image(tmp_path / name, (3, 4, 4))

    def test_a_file_of_gigabytes_is_not_read(self, tmp_path):
        with (tmp_path / "a.png").open("wb") as file:
            file.truncate(images.FILE_LIMIT + 1)
        with pytest.raises(RecipeError, match="bytes, more than the 67108864 that are read"):
            read_image(tmp_path / "a.png", (3, 4, 4))

    @pytest.mark.parametrize("suffix", ["eps", "pdf", "tiff", "ppm", "ico", "tga", "pcx", "jp2"])
    def test_formats_that_are_not_documented_are_not_opened(self, suffix, tmp_path):
        """Whatever the file is called: the content decides."""
        Image.new("RGB", (16, 16)).save(tmp_path / f"a.{suffix}")
        (tmp_path / f"a.{suffix}").rename(tmp_path / "a.png")
        with pytest.raises(RecipeError, match=r"a\.png: not an image in a format that is read: PNG, JPEG, WEBP, GIF"):
            read_image(tmp_path / "a.png", (3, 16, 16))

    @pytest.mark.parametrize("name", images.FORMATS)
    def test_the_documented_formats_are_read_under_any_name(self, name, tmp_path):
        Image.new("RGB", (16, 16), "white").save(tmp_path / "a.dat", format=name)
        assert read_image(tmp_path / "a.dat", (3, 16, 16)).min() > 0.98

    def test_no_image(self, tmp_path):
        (tmp_path / "a.png").write_text("I am no image")
        with pytest.raises(RecipeError, match=r"a\.png: not an image in a format that is read"):
            read_image(tmp_path / "a.png", (3, 4, 4))

    @pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "bmp", "webp"])
    @pytest.mark.parametrize("share", [0.3, 0.7])
    def test_a_file_cut_off(self, suffix, share, tmp_path):
        path = saved(RNG.integers(0, 255, (64, 64, 3), np.uint8), tmp_path / f"a.{suffix}")
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
        with pytest.raises(RecipeError, match="not a readable image"):
            read_image(path, (3, 64, 64))

    @pytest.mark.parametrize("side", [65, 8190, 10_000, 40_000])
    def test_another_size_is_refused_before_anything_is_decoded(self, side, tmp_path, monkeypatch):
        header = bytearray(saved(np.zeros((2, 2), np.uint8), tmp_path / "a.png").read_bytes())
        header[16:24] = struct.pack(">II", side, side)
        header[29:33] = struct.pack(">I", zlib.crc32(header[12:29]))
        (tmp_path / "a.png").write_bytes(header)
        monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("decoded"))
        with pytest.raises(RecipeError, match=f"is {side}x{side} |more pixels than are ever decoded: scale it to 4x4"):
            read_image(tmp_path / "a.png", (3, 4, 4))

    def test_a_model_of_latents(self, tmp_path):
        path = saved(np.zeros((4, 4), np.uint8), tmp_path / "a.png")
        with pytest.raises(RecipeError, match=r"works on 4 channels \(latents\), and images have 1 or 3"):
            read_image(path, (4, 4, 4))


class TestWhateverIsInside:
    """Bounded fuzzing: an image of the right shape, or one of our sentences."""

    @fuzz(150)
    @given(
        suffix=st.sampled_from(images.FORMATS),
        mode=st.sampled_from(["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "HSV", "F"]),
        cut=st.floats(0, 1) | st.just(1.0),
        flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), max_size=4),
        noise=st.binary(max_size=40),
        channels=st.sampled_from([1, 3]),
    )
    def test_damaged_files_of_every_mode(self, suffix, mode, cut, flips, noise, channels, tmp_path_factory):
        try:
            image = Image.fromarray(RNG.integers(0, 256, (8, 6, 4), np.uint8), "RGBA").convert("RGB").convert(mode)
            file = io.BytesIO()
            image.save(file, format=suffix)
        except (ValueError, OSError):  # a format that knows no such mode
            file = io.BytesIO(noise)
        data = bytearray(file.getvalue()[: round(cut * len(file.getvalue()))])
        for place, change in flips if data else ():
            data[int(place * len(data))] ^= change
        path = tmp_path_factory.mktemp("fuzz") / "a.png"
        path.write_bytes(data)
        for read in (lambda: read_image(path, (channels, 8, 6)), lambda: read_mask(path, (8, 6), soft=True)):
            try:
                values = read()
            except RecipeError as error:
                assert len(str(error)) < 600 + len(str(path))  # noqa: PT017  (that nothing else comes out is the test)
            else:
                assert values.shape[1:] == (8, 6)
                assert values.isfinite().all()
