"""The medium of spectrograms: a sound that looks like its image, and everything that can't be one refused."""

import json

import numpy as np
import pytest

from superpose import RecipeError, inspect, loads, make, problems_of
from superpose_sounds.medium import SpectrogramSound
from superpose_sounds.wav import read_wav

MEDIUM = SpectrogramSound()


def bars():
    """Three tones, one after the other, as an image in which dark is loud."""
    pixels = np.full((64, 48, 3), 255, np.uint8)
    for start, row in ((4, 50), (20, 30), (34, 10)):
        pixels[row : row + 3, start : start + 10] = 0
    return pixels


@pytest.mark.parametrize("loud", ["dark", "bright"])
def test_the_sound_looks_like_its_image(loud):
    medium = SpectrogramSound(loud=loud)
    pixels = bars() if loud == "dark" else 255 - bars()
    sound = medium.sound(pixels)
    assert sound.shape == (48 * 512,)
    assert np.abs(sound).max() == pytest.approx(0.9)
    seen = medium.picture(sound, 64)
    assert seen.shape == (64, 48)
    agree = np.corrcoef(seen.ravel(), pixels[:, :, 0].ravel())[0, 1]
    assert agree > 0.75
    # Nothing is heard of it later or earlier: shifted by a column it agrees less.
    for by in (-2, 2):
        assert np.corrcoef(np.roll(seen, by, 1).ravel(), pixels[:, :, 0].ravel())[0, 1] < agree


def test_of_colours_the_mean_is_heard():
    grey = np.repeat(np.random.default_rng(0).integers(60, 190, (64, 16, 1), np.uint8), 3, 2)
    colour = grey.astype(int) + np.array([40, -30, -10])
    quick = SpectrogramSound(iterations=2)
    assert (quick.sound(colour.astype(np.uint8)) == quick.sound(grey)).all()


def test_silence_is_silent_and_whole():
    assert np.isfinite(MEDIUM.sound(np.full((64, 8, 1), 255, np.uint8))).all()


def test_its_file_says_where_it_comes_from(tmp_path):
    content = MEDIUM.encoded(bars(), json.dumps({"sample": 3}))
    assert b'{"sample": 3}' in content
    (tmp_path / "a.wav").write_bytes(content)
    signal, rate = read_wav(tmp_path / "a.wav")
    assert rate == 16000
    np.testing.assert_allclose(signal, MEDIUM.sound(bars()), atol=1e-4)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"window": 4096}, "size as large at least"),
        ({"size": 2047}, "must be even"),
        ({"hop": 1200}, "do not overlap by half: take a hop of at most 1024"),
        ({"lowest": 9000.0}, "lowest = 9000 must be less than highest = 8000"),
        ({"highest": 8001.0}, "at most half the rate, 8000"),
        ({"floor": 30.0}, "floor = 30 must be less than ceiling = 20"),
    ],
)
def test_what_is_no_transform_is_refused(options, why):
    with pytest.raises(RecipeError, match=why):
        SpectrogramSound(**options)


def test_images_that_have_no_sound_are_refused():
    [problem] = problems_of(MEDIUM.problems, (3, 2000, 64))
    assert str(problem).startswith("2000 rows are more bands than transforms of 2048 samples tell apart: take a larger")
    [problem] = problems_of(MEDIUM.problems, (3, 64, 100_000))
    assert str(problem) == "100000 columns are 3200 s of sound: take a shorter hop"
    assert MEDIUM.described((3, 64, 64)) == "2.05 s of sound at 16000 Hz, 64 bands from 40 to 8000 Hz"


def test_a_sound_shorter_than_a_transform_is_refused():
    with pytest.raises(RecipeError, match="a sound of 100 samples is shorter than a transform of 2048"):
        MEDIUM.picture(np.zeros(100), 64)


def test_check_refuses_what_does_not_fit_before_any_weight_is_read():
    small = "size = 64\nwindow = 64\nhop = 32\n"
    about = '[model]\nkind = "glyphs"\n[scheduler]\nkind = "ddim"\n[medium]\nkind = "spectrogram"\n'
    text = f'prompt = "A"\n{about}{small}'
    with pytest.raises(RecipeError, match=r"medium\.size: 32 rows are more bands than transforms of 64"):
        inspect(loads(text))


def test_it_is_made_by_its_name():
    assert make("medium", "spectrogram", hop=256).seconds(64) == pytest.approx(1.024)
