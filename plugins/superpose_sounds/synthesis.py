"""Sounds of twelve kinds, synthesised: what the embedded model of spectrograms learned from.

Each is two seconds at 16 kHz, a function of a random generator alone. Speech is said by the program ``espeak-ng``;
everything else is arithmetic.
"""

from __future__ import annotations

import io
import subprocess
import wave
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Random = np.random.Generator

#: Samples a second, and of a sound.
RATE, LENGTH = 16000, 32768
_TIME = np.arange(LENGTH) / RATE
_SECONDS = LENGTH / RATE

_SENTENCES = (
    "the quick brown fox jumps over the lazy dog",
    "how are you today my friend",
    "a picture may be worth a thousand words",
    "please listen to what I have to say",
    "she sells sea shells by the sea shore",
    "we were away a year ago when it rained",
    "open the window and let the light come in",
    "nobody knows where the old road goes",
    "seven silver spoons lay upon the table",
    "tomorrow morning we shall go to the market",
    "can you hear me now, or should I shout",
    "an image that speaks is a curious thing",
)
_VOICES = ("en-gb", "en-us", "en-gb-scotland", "en-gb-x-rp", "en-029", "en-gb-x-gbclan")
_VARIANTS = ("", "+m1", "+m3", "+m5", "+f1", "+f2", "+f3", "+f4", "+croak", "+whisper")


def bell(rng: Random) -> Array:
    """Strikes whose partials are those of church bells, the high ones short."""
    sound = np.zeros(LENGTH)
    first = rng.uniform(220, 1000)
    for start in _times(rng, rng.integers(1, 5)):
        pitch = first if rng.random() < 0.7 else rng.uniform(220, 1000)
        ring = rng.uniform(0.5, 2.5)
        for ratio in (0.5, 1, 1.2, 1.5, 2, 2.5, 2.67, 3, 4, 5.33, 6.7):
            partial = pitch * ratio * rng.uniform(0.99, 1.01)
            _add(sound, start, rng.uniform(0.2, 1), partial, ring / ratio**0.7)
    return sound


def drum(rng: Random) -> Array:
    """A beat of skins, whose pitch falls, and of noise."""
    sound = np.zeros(LENGTH)
    beat = rng.uniform(0.12, 0.45)
    kinds = rng.integers(0, 3, 4)
    for number, start in enumerate(np.arange(rng.uniform(0, 0.3), _SECONDS, beat)):
        if rng.random() < 0.15:
            continue
        t = _since(start + rng.normal(0, 0.004))
        live = t >= 0
        kind = kinds[number % 4]
        high, low = ((180, 55), (320, 140), (900, 400))[kind]
        phase = 2 * np.pi * (low * t - (high - low) * 0.03 * np.exp(-t.clip(0) / 0.03))
        skin = np.sin(phase) * np.exp(-t.clip(0) / rng.uniform(0.06, 0.25))
        rattle = rng.standard_normal(LENGTH) * np.exp(-t.clip(0) / (0.015, 0.08, 0.03)[kind])
        sound += live * (skin * (1, 0.6, 0.1)[kind] + rattle * (0.15, 0.6, 0.5)[kind]) * rng.uniform(0.6, 1)
    return sound


def bird(rng: Random) -> Array:
    """Chirps up and down."""
    sound = np.zeros(LENGTH)
    home, length = rng.uniform(2200, 5500), rng.uniform(0.05, 0.22)
    bend, wave_ = rng.uniform(-1800, 1800), rng.uniform(0, 500)
    for start in np.arange(rng.uniform(0, 0.3), _SECONDS, length * rng.uniform(1.2, 2.5)):
        if rng.random() < 0.2:
            continue
        share = (_since(start) / length).clip(0, 1)
        pitch = home + bend * (share - 0.5) + wave_ * np.sin(2 * np.pi * 3 * share) + rng.normal(0, 100)
        phase = 2 * np.pi * np.cumsum(pitch.clip(500, 7500)) / RATE
        sound += np.sin(np.pi * share) ** 1.5 * (np.sin(phase) + 0.15 * np.sin(2 * phase)) * rng.uniform(0.5, 1)
    return sound


def speech(rng: Random) -> Array:
    """Words said by espeak-ng.

    Raises:
        OSError: It is not there.
    """
    sentence = _SENTENCES[rng.integers(len(_SENTENCES))].split()
    start = rng.integers(len(sentence))
    words = " ".join(sentence[start:] + sentence[:start])
    voice = str(rng.choice(_VOICES)) + str(rng.choice(_VARIANTS))
    asked = ["espeak-ng", "--stdout", "-v", voice, "-s", str(rng.integers(110, 220)), "-p", str(rng.integers(15, 90))]
    said = subprocess.run([*asked, words], check=True, capture_output=True).stdout  # noqa: S603  (our own words)
    with wave.open(io.BytesIO(said)) as file:
        rate, raw = file.getframerate(), file.readframes(file.getnframes())
    samples = np.frombuffer(raw[: len(raw) // 2 * 2], np.int16) / 32768
    length = round(len(samples) * RATE / rate)
    samples = _resampled(samples, length)
    begin = rng.integers(max(1, length - LENGTH))
    samples = samples[begin : begin + LENGTH]
    sound = np.zeros(LENGTH)
    at = rng.integers(LENGTH - len(samples) + 1)
    sound[at : at + len(samples)] = samples
    return sound


def guitar(rng: Random) -> Array:
    """Plucked strings, whose harmonics the place of the finger decides."""
    sound = np.zeros(LENGTH)
    beat, place = rng.uniform(0.15, 0.6), rng.uniform(0.08, 0.3)
    for start in np.arange(rng.uniform(0, 0.2), _SECONDS, beat):
        for _ in range(1 if rng.random() < 0.7 else 3):
            pitch = 82.4 * 2 ** (rng.integers(0, 30) / 12)
            ring = rng.uniform(0.3, 0.9)
            for k in range(1, min(40, int(7600 / pitch)) + 1):
                partial = pitch * k * np.sqrt(1 + 1e-4 * k**2)
                _add(sound, start, np.sin(k * np.pi * place) / k, partial, ring / (1 + 0.02 * k**2))
    return sound


def flute(rng: Random) -> Array:
    """Long notes that tremble, and breath."""
    sound, start = np.zeros(LENGTH), rng.uniform(0, 0.2)
    while start < _SECONDS - 0.1:
        length = rng.uniform(0.4, 1.8)
        t = _since(start)
        share = (t / length).clip(0, 1)
        envelope = np.minimum(1, 12 * share) * np.minimum(1, 12 * (1 - share))
        pitch = 392 * 2 ** (rng.integers(0, 20) / 12)
        phase = 2 * np.pi * pitch * (t + rng.uniform(0, 0.0012) * np.sin(2 * np.pi * rng.uniform(4, 6.5) * t))
        tone = sum(a * np.sin(k * phase) for k, a in enumerate((1, 0.35, 0.15, 0.05), 1))
        sound += envelope * (tone + _band(rng, pitch, 6 * pitch) * 0.12)
        start += length * rng.uniform(0.9, 1.2)
    return sound


def siren(rng: Random) -> Array:
    """A pitch that rises and falls without end."""
    low, turn = rng.uniform(300, 900), rng.uniform(0.4, 3)
    high = low * rng.uniform(1.5, 3)
    cycle = turn * _TIME + rng.random()
    shape = 0.5 - 0.5 * np.cos(2 * np.pi * cycle) if rng.random() < 0.6 else cycle % 1
    phase = 2 * np.pi * np.cumsum(low * (high / low) ** shape) / RATE
    loud = rng.uniform(0.3, 0.7)
    return np.asarray(sum(loud ** (k - 1) * np.sin(k * phase) for k in range(1, 7) if k * high < 7900))


def wind(rng: Random) -> Array:
    """Noise in a band that wanders."""
    sound = np.zeros(LENGTH)
    for _ in range(rng.integers(3, 7)):
        middle = rng.uniform(150, 2500)
        sway = sum(np.sin(2 * np.pi * (rng.uniform(0.2, 1.2) * _TIME + rng.random())) for _ in range(2)) / 2
        carried = _band(rng, 0, rng.uniform(40, 300)) * np.exp(
            1j * np.cumsum(middle * 2 ** (0.6 * sway)) * 2 * np.pi / RATE
        )
        sound += carried.real * (0.55 + 0.45 * np.roll(sway, 4000)) / middle**0.3
    return sound


def rain(rng: Random) -> Array:
    """Very many drops, and a hiss."""
    sound = _band(rng, 800, 7900) * rng.uniform(0.02, 0.12)
    for _ in range(rng.integers(80, 400)):
        _add(sound, rng.uniform(0, _SECONDS), rng.lognormal(-1, 0.8), rng.uniform(700, 7000), rng.uniform(0.002, 0.012))
    return sound


def clock(rng: Random) -> Array:
    """Ticks and tocks."""
    sound = np.zeros(LENGTH)
    beat = rng.uniform(0.18, 0.5)
    tones = rng.uniform(1200, 6000, (2, 4))
    for number, start in enumerate(np.arange(rng.uniform(0, beat), _SECONDS, beat)):
        for tone in tones[number % 2]:
            _add(sound, start, rng.uniform(0.4, 1), tone, rng.uniform(0.004, 0.015))
        sound += 0.5 * rng.standard_normal(LENGTH) * (abs(_since(start)) < 0.002)
    return sound


def organ(rng: Random) -> Array:
    """Chords held, of pipes with all harmonics."""
    sound, start = np.zeros(LENGTH), rng.uniform(-0.5, 0.2)
    while start < _SECONDS:
        length = rng.uniform(0.7, 2.5)
        share = (_since(start) / length).clip(0, 1)
        envelope = np.minimum(1, 15 * share) * np.minimum(1, 15 * (1 - share))
        root = 98 * 2 ** (rng.integers(0, 18) / 12)
        for note in (0, *rng.choice((3, 4, 7, 10, 12), rng.integers(1, 4), replace=False)):
            pitch, dull = root * 2 ** (note / 12), rng.uniform(0.4, 1.2)
            for k in range(1, min(16, int(7800 / pitch)) + 1):
                sound += envelope * np.sin(2 * np.pi * (pitch * k * _TIME + rng.random())) / k**dull
        start += length
    return sound


def alarm(rng: Random) -> Array:
    """Beeps of one pitch or two by turns."""
    beat, share = rng.uniform(0.12, 0.4), rng.uniform(0.4, 0.75)
    pitches = rng.uniform(700, 2400) * np.array((1, rng.choice((1, 1, 1.25, 1.5))))
    cycle = (_TIME + rng.uniform(0, beat)) / beat
    on = (cycle % 1 < share) & ((cycle // 1) % rng.choice((4, 100)) != 3)
    phase = 2 * np.pi * np.cumsum(pitches[(cycle // 1).astype(int) % 2]) / RATE
    return on * np.asarray(sum(np.sin(k * phase) / k for k in (1, 3, 5) if k * pitches.max() < 7900))


#: The sounds by the word that names them, which is also the prompt.
SOUNDS: Mapping[str, Callable[[Random], Array]] = {
    make.__name__: make for make in (bell, drum, bird, speech, guitar, flute, siren, wind, rain, clock, organ, alarm)
}


def sound(word: str, seed: int, number: int) -> Array:
    """A sound by its word, shape (LENGTH,), of peak 0.9: a function of a seed and a number."""
    rng = np.random.default_rng([seed, list(SOUNDS).index(word), number])
    made = SOUNDS[word](rng)
    made = made + 1e-4 * rng.standard_normal(LENGTH)
    return 0.9 * made / np.abs(made).max()


def _since(start: float) -> Array:
    return _TIME - start


def _times(rng: Random, count: int) -> Array:
    return np.sort(rng.uniform(0, _SECONDS * 0.85, count))


def _add(sound: Array, start: float, loud: float, pitch: float, ring: float) -> None:
    """Add a tone that starts at once and dies away."""
    if pitch > RATE / 2 - 100:
        return
    first = max(0, int(start * RATE))
    last = min(LENGTH, first + int(7 * ring * RATE) + 1)
    t = np.arange(last - first) / RATE
    sound[first:last] += loud * np.sin(2 * np.pi * pitch * t) * np.exp(-t / ring)


def _band(rng: Random, low: float, high: float) -> Array:
    """Noise between two frequencies, of unit standard deviation."""
    spectrum = np.fft.rfft(rng.standard_normal(LENGTH))
    bins = np.fft.rfftfreq(LENGTH, 1 / RATE)
    noise = np.fft.irfft(spectrum * ((bins >= low) & (bins <= high)), LENGTH)
    return noise / noise.std()


def _resampled(samples: Array, length: int) -> Array:
    """Samples at another rate, by their spectrum."""
    spectrum = np.fft.rfft(samples)
    size = length // 2 + 1
    spectrum = spectrum[:size] if len(spectrum) >= size else np.pad(spectrum, (0, size - len(spectrum)))
    return np.fft.irfft(spectrum, length) * length / len(samples)
