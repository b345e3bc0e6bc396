"""The embedded model of spectrograms, and the classifier that reads them, as recipes name them."""

from __future__ import annotations

import attrs

from superpose import PromptError
from superpose_glyphs.classifier import NoisyReader
from superpose_glyphs.model import Tabled
from superpose_glyphs.vocabulary import class_of

#: What it can sound like, in the order of its table.
WORDS = ("bell", "drum", "bird", "speech", "guitar", "flute", "siren", "wind", "rain", "clock", "organ", "alarm")


@attrs.frozen(kw_only=True)
class Sounds(Tabled):
    """Spectrograms of two seconds of sound by a word, 64x64 RGB, dark is loud: a DDPM that comes with the package.

    Words: bell, drum, bird, speech, guitar, flute, siren, wind, rain, clock, organ, alarm; "" is anything. The medium
    ``spectrogram``, as it comes, makes them heard. It predicts the clean image on the cosine schedule, as
    ``pictograms`` does, with which it shares a canvas.
    """

    kind = "sounds"
    papers = ("arXiv 2006.11239", "arXiv 2202.00512", "arXiv 2511.13720")
    embedded = "sounds"
    side = 64
    parameterization = "sample"


@attrs.frozen(kw_only=True)
class SoundsClassifier(NoisyReader):
    """Reads spectrograms through noise, on the noise levels of ``sounds``, whose words are its classes."""

    kind = "sounds-classifier"
    papers = ("arXiv 2105.05233",)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(3, 64, 64)."""
        return 3, 64, 64

    def label(self, prompt: str) -> int:
        """The class that a prompt names.

        Raises:
            PromptError: There is none.
        """
        try:
            return class_of(prompt, self.names)
        except ValueError as error:
            raise PromptError(f"classifier {self.kind!r}: {error}") from error
