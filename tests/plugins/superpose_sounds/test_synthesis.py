"""Synthesised sounds: each a function of its numbers, and of the kind that its word says."""

import shutil

import numpy as np
import pytest

from superpose_sounds.spectrogram import Transform
from superpose_sounds.synthesis import LENGTH, SOUNDS, sound

WORDS = [word for word in SOUNDS if word != "speech" or shutil.which("espeak-ng")]


@pytest.mark.parametrize("word", WORDS)
def test_a_sound_is_a_function_of_its_numbers(word):
    first, again, other = sound(word, 0, 1), sound(word, 0, 1), sound(word, 0, 2)
    assert first.shape == (LENGTH,)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.abs(first).max() == pytest.approx(0.9)
    assert np.isfinite(first).all()


def spectrogram(word, number):
    return np.exp(Transform().log_mel(sound(word, 0, number)))


def unevenness(values, axis):
    """How far what is heard is from even along an axis: 1 for even."""
    profile = values.mean(1 - axis)
    return float((profile**2).mean() / profile.mean() ** 2)


def test_ticks_are_short_and_tones_are_narrow():
    """A clock is uneven in time and an organ in pitch; noise of rain is neither as much."""
    clock, organ, rain = (spectrogram(word, 0) for word in ("clock", "organ", "rain"))
    assert unevenness(clock, 1) > 2 * unevenness(organ, 1)
    assert unevenness(organ, 0) > 2 * unevenness(rain, 0)


def test_a_bell_dies_away_and_a_siren_does_not():
    bell, siren = (spectrogram(word, 4).sum(0) for word in ("bell", "siren"))
    assert bell[bell.argmax() :].min() < 0.5 * bell.max()
    assert siren[4:-4].min() > 0.3 * np.median(siren)
