"""The medium of spectrograms: a sound beside each image, and an image of each sound."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import attrs

from superpose import Medium, Problem, RecipeError, option

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from superpose import Shape
    from superpose_sounds.spectrogram import Scale, Transform

#: Bytes of the samples of one file, at most.
LIMIT = 64 * 2**20
#: The loudest value of a sound, of 1.
PEAK = 0.9


@attrs.frozen(kw_only=True)
class SpectrogramSound(Medium):
    """The sound whose spectrogram an image is: a WAV file beside each, which the gallery plays.

    A row is a band on the mel scale, the lowest at the bottom; a column is a frame, and shades are logarithms of
    loudness. Of colours the mean is heard, as the part ``grey`` of the decomposition ``colour`` has it. Phases, which
    no image shows, are found by Griffin and Lim's algorithm with momentum, from phases that a seed draws. The loudest
    value is made 0.9 of what the file can hold. Where the image comes from is in the file too, as a comment.
    """

    kind = "spectrogram"
    suffix = ".wav"
    mime = "audio/wav"
    papers = ("arXiv 2405.12221", "doi 10.1109/TASSP.1984.1164317", "doi 10.1109/WASPAA.2013.6701851")
    loud: Literal["dark", "bright"] = option("dark", doc="shade of what is loud: 'dark' as in print, or 'bright'")
    rate: int = option(16000, doc="samples a second", ge=2000, le=192_000)
    size: int = option(2048, doc="samples of a Fourier transform", ge=16, le=65536)
    window: int = option(2048, doc="samples of its Hann window", ge=16, le=65536)
    hop: int = option(512, doc="samples from one column to the next", ge=1, le=65536)
    lowest: float = option(40.0, doc="lowest frequency in Hz", ge=0)
    highest: float = option(8000.0, doc="highest frequency in Hz", gt=0)
    floor: float = option(0.02, doc="mel magnitude of the shade of silence", gt=0)
    ceiling: float = option(20.0, doc="mel magnitude of the shade that is loudest", gt=0)
    iterations: int = option(64, doc="iterations of Griffin and Lim", ge=0, le=10_000)
    momentum: float = option(0.99, doc="their momentum; 0 is the algorithm without", ge=0, lt=1)
    seed: int = option(0, doc="seed of the phases that they begin from", ge=0, le=2**63 - 1)

    def __attrs_post_init__(self) -> None:
        """Refuse a transform that is none, and scales that are empty."""
        if self.size % 2 or (self.size - self.window) % 2 or self.window > self.size:
            raise RecipeError(f"size = {self.size} and window = {self.window} must be even, and size as large at least")
        if 2 * self.hop > self.window:
            cure = f"a hop of at most {self.window // 2}"
            raise RecipeError(f"windows of {self.window} samples every {self.hop} do not overlap by half: take {cure}")
        if not self.lowest < self.highest <= self.rate / 2:
            raise RecipeError(
                f"lowest = {self.lowest:g} must be less than highest = {self.highest:g}, and that at most half the "
                f"rate, {self.rate / 2:g}"
            )
        if self.floor >= self.ceiling:
            raise RecipeError(f"floor = {self.floor:g} must be less than ceiling = {self.ceiling:g}")

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """Images of more rows than there are bands, or so long that the file would be too large."""
        _, height, width = shape
        if not self.transform(height).filters.any(1).all():
            what = f"{height} rows are more bands than transforms of {self.size} samples tell apart"
            yield Problem("size", what, "take a larger size, or a smaller image")
        if 2 * width * self.hop > LIMIT:
            yield Problem("hop", f"{width} columns are {self.seconds(width):g} s of sound", "take a shorter hop")

    def described(self, shape: Shape) -> str:
        """How long the sound is, and what is told apart in it."""
        _, height, width = shape
        about = f"{self.seconds(width):.2f} s of sound at {self.rate} Hz"
        return f"{about}, {height} bands from {self.lowest:g} to {self.highest:g} Hz"

    def encoded(self, pixels: NDArray[np.uint8], origin: str) -> bytes:
        """The WAV file of an image."""
        from superpose_sounds.wav import wav_of

        return wav_of(self.sound(pixels), self.rate, origin)

    def seconds(self, columns: int) -> float:
        """Length of the sound of an image so wide."""
        return columns * self.hop / self.rate

    def transform(self, rows: int) -> Transform:
        """The transform whose spectrograms have so many rows."""
        from superpose_sounds.spectrogram import Transform

        return Transform(
            rate=self.rate,
            size=self.size,
            window=self.window,
            hop=self.hop,
            bands=rows,
            lowest=self.lowest,
            highest=self.highest,
        )

    @property
    def scale(self) -> Scale:
        """The magnitudes of shades."""
        from superpose_sounds.spectrogram import Scale

        return Scale(silent=self.floor, loud=self.ceiling)

    def sound(self, pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
        """The sound of an image (H, W, C), uint8: shape (W * hop,), in [-1, 1].

        Its frames are where those of `picture` are, so that it is heard as it is seen.
        """
        import numpy as np

        shade = pixels.astype(np.float64).mean(2) / 255
        loudness = (1 - shade if self.loud == "dark" else shade)[::-1]
        transform = self.transform(len(shade))
        magnitude = transform.magnitude(np.exp(self.scale.logs(loudness)))
        around = np.pad(magnitude, ((0, 0), (1, 1)), mode="edge")
        turns = np.random.default_rng(self.seed).random(around.shape)
        signal = transform.signal(around, turns, self.iterations, self.momentum)
        first = self.hop // 2
        signal = signal[first : first + shade.shape[1] * self.hop]
        return PEAK * signal / max(float(np.abs(signal).max()), 1e-9)

    def picture(self, signal: NDArray[np.float64], rows: int) -> NDArray[np.uint8]:
        """The image of a sound, shape (rows, samples // hop), uint8; the sound is one channel at `rate`.

        Raises:
            RecipeError: The sound is shorter than a transform needs.
        """
        import numpy as np

        if len(signal) < self.size:
            raise RecipeError(f"a sound of {len(signal)} samples is shorter than a transform of {self.size}")
        loudness = self.scale.image(self.transform(rows).log_mel(signal))[::-1].clip(0, 1)
        shade = 1 - loudness if self.loud == "dark" else loudness
        return np.round(255 * shade).astype(np.uint8)
