"""WAV files: what Python's own reader finds in them, and what is refused."""

import io
import wave

import numpy as np
import pytest

from superpose import RecipeError
from superpose_sounds.wav import read_wav, wav_of

SIGNAL = np.sin(np.arange(1000) / 7) * 0.9


def test_another_reader_finds_what_was_written():
    content = wav_of(SIGNAL, 8000, "from here")
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate(), file.getnframes()) == (1, 2, 8000, 1000)
        samples = np.frombuffer(file.readframes(1000), "<i2")
    assert np.abs(samples / 32767 - SIGNAL).max() <= 0.5 / 32767 + 1e-12
    assert b"ICMT\x0a\x00\x00\x00from here\x00" in content
    assert int.from_bytes(content[4:8], "little") == len(content) - 8


@pytest.mark.parametrize("comment", ["", "odd", "even"])
def test_it_comes_back(tmp_path, comment):
    (tmp_path / "a.wav").write_bytes(wav_of(SIGNAL, 44100, comment))
    signal, rate = read_wav(tmp_path / "a.wav")
    assert rate == 44100
    np.testing.assert_allclose(signal, SIGNAL, atol=1 / 32767 + 1e-4)


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_samples_of_any_width_and_the_mean_of_channels(tmp_path, width):
    values = np.array([[-1.0, 0.0], [0.5, 0.5], [0.0, 0.0]])
    if width == 1:
        raw = np.round((values + 1) * 127.5).astype(np.uint8).tobytes()
    else:
        whole = np.round(values * (2 ** (8 * width - 1) - 1)).astype(np.int64).ravel()
        raw = b"".join(int(each).to_bytes(width, "little", signed=True) for each in whole)
    with wave.open(str(tmp_path / "two.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(width)
        file.setframerate(100)
        file.writeframes(raw)
    signal, rate = read_wav(tmp_path / "two.wav")
    assert rate == 100
    np.testing.assert_allclose(signal, [-0.5, 0.5, 0.0], atol=0.01)


def test_what_is_beyond_the_range_is_cut_off(tmp_path):
    (tmp_path / "loud.wav").write_bytes(wav_of(np.array([3.0, -3.0]), 100))
    assert read_wav(tmp_path / "loud.wav")[0] == pytest.approx([1, -1], abs=1e-3)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"no sound at all, of any kind", wav_of(SIGNAL, 8000)[:30]])
def test_what_is_no_sound_is_refused(tmp_path, content):
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(RecipeError, match=r"a\.wav: no WAV file"):
        read_wav(tmp_path / "a.wav")
