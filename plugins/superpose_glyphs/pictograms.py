"""The embedded model of pictograms, and the classifier that reads them, as recipes name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from superpose import PromptError
from superpose_glyphs.captions import read_caption, words_of
from superpose_glyphs.classifier import NoisyReader
from superpose_glyphs.model import Trained

if TYPE_CHECKING:
    from superpose import NoisePredictor


@attrs.frozen(kw_only=True)
class Pictograms(Trained):
    """Animals and things in pixels by a caption, 64x64 RGB: a DDPM that comes with the package.

    Captions: "cat", "outline cat", "solid cat" (black on white), "colour cat" (any ink on any paper), "cat in red on
    yellow"; "" is anything. It predicts the clean image on the cosine schedule.
    """

    kind = "pictograms"
    papers = ("arXiv 2006.11239", "arXiv 2202.00512", "arXiv 2511.13720")
    embedded = "pictograms"

    @property
    def shape(self) -> tuple[int, int, int]:
        """(3, 64, 64)."""
        return 3, 64, 64

    @property
    def words(self) -> tuple[str, ...]:
        """Words that it can show, in the order of the network's table."""
        return words_of(self.folder)

    def check_prompt(self, prompt: str) -> None:
        """Raise `PromptError`, naming what to write instead, if ``prompt`` is no caption."""
        try:
            read_caption(prompt, self.words)
        except ValueError as error:
            raise PromptError(str(error)) from error

    def load(self, device: str = "cpu", dtype: str = "float32") -> NoisePredictor:
        """Read the weights."""
        from superpose_glyphs.captioned import PictogramPredictor

        return PictogramPredictor(self.folder, self.schedule, self.clip, device, dtype)

    def weights(self) -> dict[str, str]:
        """SHA-256 of each file of weights."""
        from superpose import digest

        return {file.stem: digest(file) for file in sorted(self.folder.glob("*.safetensors"))}


@attrs.frozen(kw_only=True)
class PictogramsClassifier(NoisyReader):
    """Reads pictograms through noise, on the noise levels of ``pictograms``; it comes with the package.

    Prompts are those of ``pictograms``: of a caption it reads the word.
    """

    kind = "pictograms-classifier"
    papers = ("arXiv 2105.05233",)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(3, 64, 64)."""
        return 3, 64, 64

    def label(self, prompt: str) -> int:
        """The class of a caption's word.

        Raises:
            PromptError: It has none, or is no caption.
        """
        try:
            word = read_caption(prompt, self.names).word
        except ValueError as error:
            raise PromptError(f"classifier {self.kind!r}: {error}") from error
        if word is None:
            raise PromptError(f"classifier {self.kind!r}: a prompt without a word names no class")
        return self.names.index(word)
