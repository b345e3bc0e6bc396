"""What a terminal is told says the very pixels, by whatever it draws them."""

import base64
import io
import re
import zlib

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from superpose.cli.asking import Terminal
from superpose.cli.graphics import CHUNK, HalfBlocks, OnTerminal, PictureProgress, beside, kitty, placed, sixels
from superpose.cli.preview import Estimates
from terminals import of_sixels


def pixels_of(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def of_kitty(told):
    """The picture that a kitty is sent, (H, W, 3)."""
    chunks = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", told)
    assert "".join(f"\x1b_G{head};{chunk}\x1b\\" for head, chunk in chunks) == told
    heads = [dict(pair.split("=") for pair in head.split(",")) for head, _ in chunks]
    assert all(len(chunk) <= CHUNK for _, chunk in chunks)
    assert [head["m"] for head in heads] == ["1"] * (len(chunks) - 1) + ["0"]
    first = heads[0]
    assert (first["a"], first["f"], first["o"]) == ("t", "24", "z")
    data = zlib.decompress(base64.b64decode("".join(chunk for _, chunk in chunks)))
    return np.frombuffer(data, np.uint8).reshape(int(first["v"]), int(first["s"]), 3)


def test_two_pixels_are_a_character_in_their_own_colours():
    pixels = pixels_of(5, 7, 3)
    console = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor", width=40)
    console.print(HalfBlocks(pixels))
    lines = console.file.getvalue().splitlines()[:3]
    found = [re.findall(r"38;2;(\d+);(\d+);(\d+);48;2;(\d+);(\d+);(\d+)m▀", line) for line in lines]
    values = np.array(found, int).reshape(3, 7, 2, 3)
    assert np.array_equal(values[:, :, 0], pixels[::2])
    assert np.array_equal(values[:2, :, 1], pixels[1::2])


@pytest.mark.parametrize("shape", [(1, 1, 3), (64, 130, 3)])
def test_a_kitty_is_sent_the_very_pixels(shape):
    pixels = pixels_of(*shape)
    assert np.array_equal(of_kitty(kitty(pixels)), pixels)


@pytest.mark.parametrize("shape", [(1, 1, 3), (6, 4, 3), (13, 9, 3)])
def test_sixels_draw_the_very_pixels_of_few_colours(shape):
    few = np.array([(0, 0, 0), (255, 255, 255), (255, 0, 0), (51, 102, 153)], np.uint8)
    labels = np.random.default_rng(1).integers(0, len(few), shape[:2])
    labels[: shape[0] // 2, :7] = 0  # runs
    drawn = of_sixels(sixels(Image.fromarray(few[labels])))
    assert np.array_equal(drawn, few[labels].astype(int) * 100 // 255)


def test_sixels_are_near_to_a_photograph():
    smooth = np.stack(np.meshgrid(np.arange(0, 256, 4), np.arange(0, 256, 4)), -1)
    pixels = np.concatenate([smooth, smooth[..., :1]], -1).astype(np.uint8)
    drawn = of_sixels(sixels(Image.fromarray(pixels)))
    assert np.abs(drawn * 2.55 - pixels).mean() < 8


def test_samples_stand_beside_each_other():
    pixels = pixels_of(3, 4, 5, 3)
    row = beside(pixels)
    assert row.shape == (4, 17, 3)
    for i in range(3):
        assert np.array_equal(row[:, 6 * i : 6 * i + 5], pixels[i])


def shown(graphics, columns=80, lines=40, count=3, side=32):
    """A screen of a terminal whose cells are 8x16 pixels, with samples on it, and all that was written."""
    console = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor", width=columns, height=lines)
    progress = PictureProgress(console=console, auto_refresh=False)
    screen = OnTerminal(progress, Terminal(columns, lines, graphics, (8, 16)))
    pixels = pixels_of(count, side, side, 3)
    with progress:
        progress.add_task("sampling", total=3)
        screen.show(Estimates(pixels, 0, 3))
        progress.refresh()
        progress.refresh()
    screen.clear()
    return screen, pixels, console.file.getvalue()


def test_a_kitty_is_sent_a_picture_once_and_told_its_place_each_time():
    _, pixels, told = shown("kitty")
    sent = "".join(re.findall(r"\x1b_G(?:a=t|q=2,m)[^\x1b]*\x1b\\", told))
    assert np.array_equal(of_kitty(sent), beside(pixels))
    # Three samples of 32 cells of 8 pixels don't fit: 80 columns, and as high as the shape of the pixels says.
    rows = round(80 * 8 * 32 / 98 / 16)
    assert told.count(placed(80, rows)) >= 2
    # The lines are there before the picture is drawn over them: nothing scrolls.
    assert f"\n\x1b7\x1b[{rows}A\r" in told
    assert told.rstrip().endswith("\x1b_Ga=d,d=I,i=7301,q=2\x1b\\")


def test_sixels_fill_their_cells_and_no_more():
    _, pixels, told = shown("sixel", count=2)
    [picture, *_] = re.findall(r"\x1bP[^\x1b]*\x1b\\", told)
    height, width, _ = of_sixels(picture).shape
    rows = int(re.search(r"\x1b7\x1b\[(\d+)A\r\x1bP", told)[1])
    assert rows * 16 - 16 < height <= rows * 16
    assert width <= 64 * 8
    assert abs(width / height - 65 / 32) < 0.05
    assert len(pixels) == 2


@pytest.mark.parametrize("graphics", ["kitty", "sixel", "blocks"])
@pytest.mark.parametrize(("columns", "lines"), [(20, 10), (80, 24), (200, 50)])
@pytest.mark.parametrize(("count", "side"), [(1, 32), (16, 28), (3, 512)])
def test_what_is_shown_fits_the_terminal(graphics, columns, lines, count, side):
    screen = OnTerminal(PictureProgress(), Terminal(columns, lines, graphics, (8, 16)))
    room = screen.room(side)
    assert room.count >= 1
    assert room.width >= 1
    width = min(room.width, side)
    screen.show(Estimates(pixels_of(min(count, room.count), width, width, 3), 0, 1))
    picture = screen.progress.picture
    if graphics == "blocks":
        assert picture.pixels.shape[1] <= columns
    else:
        assert picture.rows <= lines - 4
