"""Animations in files: every frame as it was drawn and for as long as it was told, or no file."""

import numpy as np
import pytest
from PIL import Image

from superpose import RecipeError
from superpose.media.animation import check_format, write_animation

RNG = np.random.default_rng(0)
FRAMES = [np.full((6, 5, 3), value, np.uint8) for value in (0, 90, 255)]


def frames_of(path):
    with Image.open(path) as image:
        for i in range(image.n_frames):
            image.seek(i)
            image.load()
            yield np.asarray(image.convert("RGB")), image.info["duration"]


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".GIF"])
def test_frames_are_exact_and_stay_as_long_as_told(suffix, tmp_path):
    path = tmp_path / f"a{suffix}"
    write_animation(path, iter(FRAMES), [2, 1, 5], fps=10)
    pixels, durations = zip(*frames_of(path), strict=True)
    assert all(np.array_equal(got, want) for got, want in zip(pixels, FRAMES, strict=True))
    assert durations == (200, 100, 500)
    with Image.open(path) as image:
        assert image.info["loop"] == 0, "it goes on without end"


def test_a_frame_of_many_colours_is_near_and_one_of_few_exact(tmp_path):
    noise = RNG.integers(0, 256, (32, 32, 3), np.uint8)
    few = RNG.integers(0, 16, (32, 32, 1), np.uint8).repeat(3, 2) * 16
    write_animation(tmp_path / "a.gif", [few, noise], [1, 1], fps=10)
    (first, _), (second, _) = frames_of(tmp_path / "a.gif")
    assert np.array_equal(first, few)
    assert 0 < np.abs(second.astype(int) - noise).mean() < 30


@pytest.mark.parametrize("name", ["a.png", "a", "a.gif.txt"])
def test_what_is_no_animation(name, tmp_path):
    with pytest.raises(RecipeError, match=r"an animation is a file that ends with \.gif, \.webp or \.mp4"):
        check_format(tmp_path / name)


def test_what_fails_half_way_leaves_no_file(tmp_path):
    def broken():
        yield FRAMES[0]
        raise RecipeError("no more")

    for suffix in (".gif", ".webp"):
        with pytest.raises(RecipeError, match="no more"):
            write_animation(tmp_path / f"a{suffix}", broken(), [1, 1], fps=10)
    assert list(tmp_path.iterdir()) == []


def test_mp4_without_its_library_is_told_with_the_cure(tmp_path, monkeypatch):
    monkeypatch.setattr("superpose.media.animation.find_spec", lambda name: None)
    with pytest.raises(RecipeError, match=r"MP4 needs PyAV, pip install 'superpose\[video\]'; or write a \.gif"):
        check_format(tmp_path / "a.mp4")
