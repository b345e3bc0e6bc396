"""`superpose replay`: the same bytes under the same name, or the reason why not."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from made_images import forged
from superpose.cli import main
from superpose.media.png import read_origin, write_png

ROOT = Path(__file__).parents[3]
QUICK = ["--set", "scheduler.steps=3", "--samples", "2"]


def test_replay_makes_the_same_bytes_under_the_same_name(tmp_path, capsys):
    assert main(["run", str(ROOT / "recipes/inpaint.toml"), "--out", str(tmp_path / "one"), *QUICK]) == 0
    moved = tmp_path / "elsewhere" / "0001.png"
    moved.parent.mkdir()
    (tmp_path / "one" / "0001.png").rename(moved)
    assert main(["replay", str(moved), "--out", str(tmp_path / "two")]) == 0
    assert (tmp_path / "two" / "0001.png").read_bytes() == moved.read_bytes()
    assert "the same bytes" in capsys.readouterr().err


@pytest.fixture
def image(folder):
    """An image that was made by the first recipe."""
    return folder / "a" / "0001.png"


def replayed(image, to, capsys, *more):
    code = main(["replay", str(image), "--out", str(to), "--device", "cpu", *more])
    out, err = capsys.readouterr()
    assert out.splitlines() == [str(to / image.name)]
    return code, err.splitlines()[-1]


def test_what_changed_is_told_where_the_bytes_are_others(image, tmp_path, capsys):
    assert replayed(image, tmp_path / "same", capsys) == (0, "the same bytes")
    versions = read_origin(image).versions
    forgeries = {
        "version": (
            {"versions": {**versions, "superpose": "0.0.9"}},
            f"superpose was 0.0.9, is {versions['superpose']}",
        ),
        "library": ({"versions": {**versions, "lost": "3"}}, "lost was 3, is None"),
        "device": ({"device": "cuda"}, "the device was cuda, is cpu"),
    }
    for name, (changes, why) in forgeries.items():
        old = forged(image, tmp_path / f"{name}.png", **changes)
        assert replayed(old, tmp_path / name, capsys) == (1, f"not the same bytes: {why}")


def test_where_nothing_else_changed_it_is_the_processor(image, tmp_path, capsys):
    pixels = np.asarray(Image.open(image)).copy()
    pixels[0, 0] ^= 1
    write_png(tmp_path / "0001.png", pixels, read_origin(image))
    code, told = replayed(tmp_path / "0001.png", tmp_path / "again", capsys)
    assert code == 1
    assert told == "not the same bytes: another family of processor, or versions of Pillow, most likely"


def test_strangers_words_stay_words(image, tmp_path, capsys):
    old = forged(image, tmp_path / "evil.png", device="\x1b[2Jcuda")
    code, told = replayed(old, tmp_path / "again", capsys)
    assert code == 1
    assert "\x1b" not in told
