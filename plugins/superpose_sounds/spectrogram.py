r"""Spectrograms as images, and back to sound: log-mel magnitudes, and phases by Griffin and Lim.

.. math::
    S = \ln \max(M\,|\mathrm{STFT}(y)|, \epsilon), \qquad
    I = \frac{S - S_0}{S_1 - S_0} \in [0, 1]

with a filter bank M of triangles on Slaney's mel scale (Auditory Toolbox, 1998). A spectrogram says how loud, not in
which phase: that is found by projecting to and fro between what has these magnitudes and what is the transform of a
signal at all (Griffin & Lim 1984), with momentum (Perraudin et al. 2013).
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

#: Slaney's scale: linear below the break, logarithmic above, 27 steps for each factor of 6.4.
_PER_MEL, _BREAK, _STEP = 200 / 3, 1000.0, np.log(6.4) / 27
#: Magnitudes below this are one.
TINY = 1e-5


def mel(hertz: Array) -> Array:
    """Slaney's mel of frequencies in Hz."""
    hertz = np.asarray(hertz, np.float64)
    above: Array = _BREAK / _PER_MEL + np.log(np.maximum(hertz, _BREAK) / _BREAK) / _STEP
    mels: Array = np.where(hertz < _BREAK, hertz / _PER_MEL, above)
    return mels


def hertz(mels: Array) -> Array:
    """Frequencies in Hz of Slaney's mels."""
    mels = np.asarray(mels, np.float64)
    above: Array = _BREAK * np.exp(_STEP * np.maximum(mels - _BREAK / _PER_MEL, 0))
    return np.where(mels < _BREAK / _PER_MEL, mels * _PER_MEL, above)


@attrs.frozen(kw_only=True)
class Transform:
    """A short-time Fourier transform and a bank of mel filters.

    Attributes:
        rate: Samples a second.
        size: Samples of a transform.
        window: Samples of its Hann window, in the middle.
        hop: Samples from one frame to the next.
        bands: Mel bands.
        lowest, highest: Frequencies that they cover, in Hz.
    """

    rate: int = 16000
    size: int = 2048
    window: int = 2048
    hop: int = 512
    bands: int = 64
    lowest: float = 40.0
    highest: float = 8000.0

    @cached_property
    def taper(self) -> Array:
        """The window, periodic, shape (size,)."""
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self.window) / self.window)
        left = (self.size - self.window) // 2
        return np.pad(hann, (left, self.size - self.window - left))

    @cached_property
    def filters(self) -> Array:
        """The filter bank, shape (bands, size // 2 + 1): triangles of equal area."""
        bins = np.fft.rfftfreq(self.size, 1 / self.rate)
        edges = hertz(np.linspace(mel(np.array(self.lowest)), mel(np.array(self.highest)), self.bands + 2))
        low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
        rising, falling = (bins - low) / (middle - low), (high - bins) / (high - middle)
        return np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low)

    def forward(self, signal: Array) -> Array:
        """Complex spectra of frames that start every ``hop`` samples, shape (size // 2 + 1, frames)."""
        frames = np.lib.stride_tricks.sliding_window_view(signal, self.size)[:: self.hop]
        spectra: Array = np.fft.rfft(frames * self.taper, axis=1).T
        return spectra

    def inverse(self, spectra: Array) -> Array:
        """The signal whose transform is nearest to these spectra, without half a frame at either end."""
        frames = np.fft.irfft(spectra.T, self.size, axis=1) * self.taper
        length = self.size + self.hop * (len(frames) - 1)
        signal, weight = np.zeros(length), np.zeros(length)
        for number, frame in enumerate(frames):
            at = slice(number * self.hop, number * self.hop + self.size)
            signal[at] += frame
            weight[at] += self.taper**2
        half = self.size // 2
        inner = slice(half, length - half)
        whole: Array = signal[inner] / np.where(weight[inner] > 1e-11, weight[inner], 1)
        return whole

    def log_mel(self, signal: Array) -> Array:
        """Logarithms of mel magnitudes, shape (bands, samples // hop): one frame for each hop of the signal."""
        around = (self.size - self.hop) // 2
        spectra = self.forward(np.pad(signal, around, mode="reflect"))
        magnitude = np.sqrt(np.abs(spectra) ** 2 + 1e-9)
        logs: Array = np.log(np.maximum(self.filters @ magnitude, TINY))
        return logs

    def magnitude(self, mels: Array, steps: int = 100) -> Array:
        """Magnitudes, shape (size // 2 + 1, frames), that have these mel magnitudes: non-negative least squares.

        The beginning is the solution of least norm, its negative values cut off; then accelerated projected gradients.
        """
        filters = self.filters
        found: Array = np.maximum(np.linalg.pinv(filters) @ mels, 0)
        step = 1 / np.linalg.norm(filters @ filters.T, 2)
        ahead, momentum = found, 1.0
        for _ in range(steps):
            nearer = np.maximum(ahead - step * (filters.T @ (filters @ ahead - mels)), 0)
            faster = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
            ahead = nearer + (momentum - 1) / faster * (nearer - found)
            found, momentum = nearer, faster
        return found

    def signal(self, magnitude: Array, turns: Array, iterations: int, momentum: float = 0.99) -> Array:
        """A signal of which frames centred on every hop have these magnitudes, shape (hop * (frames - 1),).

        Arguments:
            magnitude: Shape (size // 2 + 1, frames).
            turns: The phases to begin from, in turns, of that shape.
            iterations: Of Griffin and Lim's projections.
            momentum: From one to the next; 0 is their own algorithm.
        """
        phases, before = np.exp(2j * np.pi * turns), None
        half = self.size // 2
        for _ in range(iterations):
            rebuilt = self.forward(np.pad(self.inverse(magnitude * phases), half))
            phases = rebuilt if before is None else rebuilt - momentum / (1 + momentum) * before
            phases = phases / (np.abs(phases) + np.finfo(np.float64).tiny)
            before = rebuilt
        return self.inverse(magnitude * phases)


@attrs.frozen(kw_only=True)
class Scale:
    """The mel magnitudes that are 0 and 1 in an image."""

    silent: float = 0.02
    loud: float = 20.0

    def image(self, logs: Array) -> Array:
        """Values of log-mel magnitudes, in [0, 1] where they are within the scale."""
        low, high = np.log(self.silent), np.log(self.loud)
        image: Array = (logs - low) / (high - low)
        return image

    def logs(self, image: Array) -> Array:
        """Log-mel magnitudes of values."""
        low, high = np.log(self.silent), np.log(self.loud)
        logs: Array = image * (high - low) + low
        return logs
