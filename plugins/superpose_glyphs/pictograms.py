"""The embedded model of pictograms, and the classifier that reads them, as recipes name them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from superpose import Problem, PromptError
from superpose_glyphs.captions import caption_of, read_caption, words_of
from superpose_glyphs.classifier import NoisyReader
from superpose_glyphs.model import Described, Trained, seen_shape

if TYPE_CHECKING:
    from superpose import InterpolationPath, NoisePredictor
    from superpose_glyphs.captioned import Captions
    from superpose_networks import LazyNetwork


@attrs.frozen(kw_only=True)
class Pictograms(Trained["tuple[tuple[str, ...], Described, LazyNetwork[Captions]]"]):
    """Animals and things in pixels by a caption, 64x64 RGB: a DDPM that comes with the package.

    Captions: "cat", "outline cat", "solid cat" (black on white), "colour cat" (any ink on any paper), "cat in red on
    yellow"; "" is anything. It predicts the clean image on the cosine schedule.
    """

    kind = "pictograms"
    papers = ("arXiv 2006.11239", "arXiv 2202.00512", "arXiv 2511.13720")
    embedded = "pictograms"

    def read(self) -> tuple[tuple[str, ...], Described, LazyNetwork[Captions]]:
        """Words that it can show, in the order of its table; its networks."""
        from superpose_glyphs.captioned import lazy_captions
        from superpose_networks import read_unet2d

        words, described = words_of(self.folder), read_unet2d(self.folder)
        return words, described, lazy_captions(self.folder, words, described[0].time_width)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(3, H, W): 64 pixels a side, unless a folder says otherwise."""
        if self.path is None:
            return 3, 64, 64  # known without torch, by whoever only looks at images
        return seen_shape(self.metadata[1][0])

    @property
    def words(self) -> tuple[str, ...]:
        """Words that it can show, in the order of the network's table."""
        return self.metadata[0]

    @property
    def interpolation(self) -> InterpolationPath | None:
        """Along a line: captions are sums."""
        return "lerp"

    def prompt_problems(self, prompt: str) -> Iterator[Problem]:
        """A prompt that is no caption, with what to write instead."""
        return Problem.caught("", lambda: caption_of(prompt, self.words))

    def load(self, device: str = "cpu", dtype: str = "float32") -> NoisePredictor:
        """Read the weights."""
        from superpose import NetworkPredictor
        from superpose_glyphs.captioned import encoder
        from superpose_glyphs.unshuffled import see

        words, (_, lazy), tables = self.metadata
        network, captions = lazy.load(device, dtype), tables.load(device, dtype)
        return NetworkPredictor(
            self,
            partial(see, network),
            encoder(captions, words, device),
            device,
            dtype,
            parameterization="sample",
            modules=(network,),
            averaged=(network,),
        )

    @property
    def weight_files(self) -> Mapping[str, Path]:
        """Every file of weights."""
        return {file.stem: file for file in sorted(self.folder.glob("*.safetensors"))}


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
