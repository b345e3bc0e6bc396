"""Spectrograms: those of Images that Sound's program, there and back, and what they are by definition."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file

from superpose_sounds.spectrogram import Scale, Transform, hertz, mel

FIXTURE = Path(__file__).parents[2] / "fixtures" / "is_a_images_that_sound"
#: The program's settings.
TRANSFORM = Transform(rate=16000, size=2048, window=1024, hop=160, bands=256, lowest=0.0, highest=8000.0)
SCALE = Scale(silent=1e-5, loud=200.0)
SMALL = Transform(rate=8000, size=256, window=256, hop=64, bands=16, lowest=100.0, highest=4000.0)


@pytest.fixture(scope="module")
def recorded():
    case = json.loads((FIXTURE / "case.json").read_text())
    given, wanted = (load_file(FIXTURE / f"{name}.safetensors") for name in ("inputs", "outputs"))

    def agree(name, got):
        want, about = wanted[name], case["outputs"][name]
        assert got.shape == want.shape, name
        assert (np.abs(got - want) <= about["atol"] + about["rtol"] * np.abs(want)).all(), name

    return {key: value.astype(np.float64) for key, value in (given | wanted).items()}, agree


def test_the_log_mel_spectrogram_is_the_recorded_one(recorded):
    arrays, agree = recorded
    logs = TRANSFORM.log_mel(arrays["audio"])
    agree("log_mel", logs[None])
    agree("image_of_spec", np.repeat(SCALE.image(logs)[None, ::-1], 3, 0))
    agree("denormalized", SCALE.logs(arrays["image_of_spec"][:, ::-1].mean(0)))


def test_magnitudes_begin_where_the_recorded_ones_ended(recorded):
    """The recorded solver stops at its first guess, which is ours; ours goes on to what has these mel magnitudes."""
    arrays, agree = recorded
    mels = np.exp(arrays["denormalized"])
    agree("stft_magnitude", TRANSFORM.magnitude(mels, 0))
    solved, theirs = (
        np.abs(TRANSFORM.filters @ found - mels).max()
        for found in (TRANSFORM.magnitude(mels, 40), arrays["stft_magnitude"])
    )
    assert solved < 0.1 * theirs


@pytest.mark.parametrize("iterations", [1, 4, 32])
def test_griffin_and_lim_are_the_recorded_ones(recorded, iterations):
    arrays, agree = recorded
    agree(f"griffin_lim_{iterations}", TRANSFORM.signal(arrays["stft_magnitude"], arrays["phases"], iterations))


def test_griffin_and_lim_from_zero_phases(recorded):
    arrays, agree = recorded
    agree("griffin_lim_zero_phase", TRANSFORM.signal(arrays["stft_magnitude"], 0 * arrays["phases"], 8))


@given(st.floats(0, 20_000))
def test_the_mel_scale_is_undone(frequency):
    assert float(hertz(mel(np.array(frequency)))) == pytest.approx(frequency, rel=1e-9, abs=1e-9)


def test_the_mel_scale_is_linear_below_one_kilohertz_and_logarithmic_above():
    assert mel(np.array([0.0, 500.0, 1000.0, 6400.0])).tolist() == pytest.approx([0.0, 7.5, 15.0, 42.0])


@given(st.integers(0, 2**32), st.integers(8, 20))
def test_a_signal_comes_back_from_its_own_spectra(seed, frames):
    signal = np.random.default_rng(seed).standard_normal(SMALL.size + SMALL.hop * (frames - 1))
    half = SMALL.size // 2
    np.testing.assert_allclose(SMALL.inverse(SMALL.forward(signal)), signal[half:-half], atol=1e-10)


def test_a_tone_is_loudest_in_its_band():
    time = np.arange(64 * SMALL.hop) / SMALL.rate
    centres = hertz(np.linspace(mel(np.array(100.0)), mel(np.array(4000.0)), 18))[1:-1]
    for band in (2, 7, 13):
        logs = SMALL.log_mel(np.sin(2 * np.pi * centres[band] * time))
        assert logs.shape == (16, 64)
        assert (logs[:, 8:-8].argmax(0) == band).all()


def test_filters_have_equal_areas():
    areas = Transform(size=16384, bands=8, lowest=500.0).filters.sum(1) * 16000 / 16384
    np.testing.assert_allclose(areas, 1, rtol=0.01)


def test_griffin_and_lim_come_nearer_with_each_iteration():
    """Without momentum the distance to the magnitudes never grows (Griffin & Lim 1984, theorem)."""
    rng = np.random.default_rng(0)
    wanted, turns = rng.random((129, 12)), rng.random((129, 12))
    half = SMALL.size // 2

    def distance(iterations):
        signal = SMALL.signal(wanted, turns, iterations, 0.0)
        return np.linalg.norm(np.abs(SMALL.forward(np.pad(signal, half))) - wanted)

    distances = [distance(n) for n in (1, 4, 16, 64)]
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] < 0.8 * distances[0]


@given(st.floats(1e-6, 1.0), st.floats(1.1, 1e6), st.floats(-1, 2))
def test_a_scale_is_undone(silent, factor, value):
    scale = Scale(silent=silent, loud=silent * factor)
    assert float(scale.image(scale.logs(np.array(value)))) == pytest.approx(value, abs=1e-6)
    assert np.exp(scale.logs(np.array([0.0, 1.0]))).tolist() == pytest.approx([silent, silent * factor])
