"""Previews show the clean estimates, seldom, and change no bit of an image."""

import contextlib
import io
import os
import re
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch
from rich.console import Console

from superpose import Step
from superpose.cli import main
from superpose.cli.preview import EVERY, HalfBlocks, Preview, reduced
from superpose.media.png import read_origin

TEXT = 'prompt = "A"\nmodel = {kind = "glyphs"}\nscheduler = {kind = "ddpm", steps = 12}\nrun = {samples = 2}\n'
COMMAND = "import sys; from superpose.cli import main; sys.exit(main(sys.argv[1:]))"


def images(count=2, channels=3, side=32):
    return torch.rand(count, channels, side, side, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_two_pixels_are_a_character_in_their_own_colours():
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    console = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor", width=40)
    console.print(HalfBlocks(pixels))
    lines = console.file.getvalue().splitlines()[:3]
    found = [re.findall(r"38;2;(\d+);(\d+);(\d+);48;2;(\d+);(\d+);(\d+)m▀", line) for line in lines]
    values = np.array(found, int).reshape(3, 7, 2, 3)
    assert np.array_equal(values[:, :, 0], pixels[::2])
    assert np.array_equal(values[:2, :, 1], pixels[1::2])


def test_it_looks_at_most_twice_a_second():
    now, shown = [0.0], []
    preview = Preview(shown.append, 80, lambda: now[0])
    for index in range(100):
        preview.see(Step(index, 100, None, None, images(), images() if index else None))
        now[0] += 0.1
    assert 10 / EVERY * 0.8 <= len(shown) <= 10 / EVERY
    assert shown[0].pixels.shape == (32, 65, 3)


class Slow:
    """An event of a device that is still at work."""

    def __init__(self):
        self.asked = 0

    def query(self):
        self.asked += 1
        return self.asked > 2

    def synchronize(self):
        raise AssertionError("the device was waited for")


def test_a_copy_on_its_way_is_looked_at_when_it_is_there():
    shown = []
    preview = Preview(shown.append, 80, lambda: 0.0)
    preview.copied = reduced(images(), 80), Slow()
    step = Step(0, 9, None, None, images(), images())
    preview.see(step)
    preview.see(step)
    assert not shown
    preview.see(step)
    assert shown


@pytest.mark.parametrize("width", [20, 80, 200])
@pytest.mark.parametrize(("count", "channels", "side"), [(1, 3, 32), (16, 1, 28), (4, 4, 8), (3, 3, 512), (2, 2, 16)])
def test_what_is_shown_fits_the_terminal(width, count, channels, side):
    shown = reduced(images(count, channels, side), width)
    assert shown.shape[0] == 3
    assert 1 <= shown.shape[2] <= width
    assert shown.abs().max() <= 1


def test_what_is_shown_is_the_image():
    x = images(2)
    shown = reduced(x, 200)
    assert torch.equal(shown[..., :32], x[0])
    assert torch.equal(shown[..., 33:], x[1])


def read(host, written):
    """All that a terminal is told, until it is closed."""
    with contextlib.suppress(OSError):  # which is how a closed terminal ends
        while block := os.read(host, 65536):
            written.append(block)


def test_a_run_with_a_preview_makes_the_same_bytes_and_shows_pictures(tmp_path, capsys):
    pty = pytest.importorskip("pty")
    recipe = tmp_path / "letter.toml"
    recipe.write_text(TEXT)
    host, terminal = pty.openpty()
    written = []
    reader = threading.Thread(target=read, args=(host, written))
    reader.start()
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "COLUMNS": "80"}
    command = ["run", str(recipe), "--device", "cpu", "--out"]
    assert main([*command, str(tmp_path / "plain"), "--preview"]) == 0
    seen = [sys.executable, "-c", COMMAND, *command, str(tmp_path / "seen"), "--preview"]
    subprocess.run(seen, stderr=terminal, stdout=subprocess.DEVNULL, env=environment, check=True, timeout=120)
    os.close(terminal)
    reader.join(timeout=60)
    os.close(host)
    assert "▀".encode() in b"".join(written)
    assert "--preview shows nothing here: standard error is no terminal" in capsys.readouterr().err
    for k in (0, 1):
        plain, seen = ((tmp_path / name / f"000{k}.png").read_bytes() for name in ("plain", "seen"))
        assert plain == seen
    assert read_origin(tmp_path / "seen" / "0000.png").sample == 0
