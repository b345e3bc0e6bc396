"""Films as frames: what was written is read again, with its times."""

import numpy as np
import pytest
from PIL import Image

from superpose import RecipeError
from superpose.media import films
from superpose.media.animation import write_animation
from superpose.media.films import frames_of_header, write_frames

FRAMES = [np.full((16, 24, 3), shade, np.uint8) for shade in (0, 120, 250)]
TICKS = [1, 3, 2]


def pixels(path):
    return np.asarray(Image.open(path)).astype(int)


@pytest.mark.parametrize("end", ["gif", "webp"])
def test_pictures_that_move(end, tmp_path):
    write_animation(tmp_path / f"a.{end}", FRAMES, TICKS, 20)
    film = write_frames(tmp_path / f"a.{end}", tmp_path)
    assert frames_of_header(tmp_path / f"a.{end}") == 3
    assert [path.name for path in film.frames] == ["a-0000.png", "a-0001.png", "a-0002.png"]
    assert film.ticks == (5, 15, 10)
    assert film.fps == 100
    for path, frame in zip(film.frames, FRAMES, strict=True):
        assert np.array_equal(pixels(path), frame)


def test_video(tmp_path):
    write_animation(tmp_path / "a.mp4", FRAMES, TICKS, 20)
    film = write_frames(tmp_path / "a.mp4", tmp_path)
    assert film.ticks == (1,) * 6
    assert film.fps == 20
    shades = [pixels(path).mean() for path in film.frames]
    assert shades == pytest.approx([0, 120, 120, 120, 250, 250], abs=4)


@pytest.mark.parametrize("end", ["gif", "webp", "mp4"])
def test_what_is_no_film_is_refused(end, tmp_path):
    (tmp_path / f"a.{end}").write_bytes(b"GIF89a, or nearly")
    with pytest.raises(RecipeError, match=rf"a\.{end}: not a readable film"):
        write_frames(tmp_path / f"a.{end}", tmp_path)


def test_too_much_is_refused(tmp_path, monkeypatch):
    write_animation(tmp_path / "a.gif", FRAMES, TICKS, 20)
    monkeypatch.setattr(films, "MOST", 2)
    with pytest.raises(RecipeError, match="more than 2 frames: cut it"):
        write_frames(tmp_path / "a.gif", tmp_path)
    monkeypatch.setattr(films, "PIXEL_LIMIT", 100)
    with pytest.raises(RecipeError, match="have 384 pixels, and at most 100 are read"):
        write_frames(tmp_path / "a.gif", tmp_path)


def test_without_the_extra_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(films, "find_spec", lambda _: None)
    with pytest.raises(RecipeError, match=r"pip install 'superpose\[video\]'; or give a GIF"):
        write_frames(tmp_path / "a.mp4", tmp_path)
