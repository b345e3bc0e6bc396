"""The embedded text-to-image model as recipes name it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

import attrs

from superpose import Clip, Problem, PromptError, Token
from superpose_glyphs.model import WEIGHTS, Trained
from superpose_glyphs.names import names_in
from superpose_glyphs.phrases import Vocabulary

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import EncodePrompt, InterpolationPath, NoisePredictor
    from superpose_ldm import Checkpoint, Words
    from superpose_networks import LazyNetwork
    from superpose_networks.latent import TextEncoder


@attrs.frozen(kw_only=True)
class GlyphsLatent(Trained["tuple[Checkpoint, Vocabulary]"]):
    """Letters and digits by a phrase, 32x32 RGB: a small Stable Diffusion that comes with the package.

    Phrases: "A", "bold A", "light italic A in red on yellow"; "" is anything. Words may have weights, "(bold:1.5) A".
    It predicts v of latents of 8x8 places, whose attention looks at every word. Latents are not pixels: a view of
    latents is nearly, and not exactly, that view of the image.
    """

    kind = "glyphs-ldm"
    papers = ("arXiv 2112.10752", "arXiv 2202.00512")
    embedded = "glyphs-ldm"
    file = f"unet/{WEIGHTS}"

    def read(self) -> tuple[Checkpoint, Vocabulary]:
        """Content of its files, and the words it knows, ``words.json``."""
        from superpose_ldm import read_folder

        checkpoint = read_folder(self.folder, None, None)
        encoder = cast("Words", checkpoint.conditioning)  # a folder with a text encoder
        vocabulary = Vocabulary(names_in(self.folder / "words.json"), encoder.length)
        return attrs.evolve(checkpoint, conditioning=Phrases(encoder.part, encoder.width, vocabulary)), vocabulary

    @property
    def shape(self) -> tuple[int, int, int]:
        """(4, 8, 8)."""
        return 4, 8, 8

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(3, 32, 32)."""
        return 3, 32, 32

    @property
    def clip(self) -> Clip | None:
        """Latents know no range."""
        return None

    @property
    def interpolation(self) -> InterpolationPath | None:
        """Along the sphere: the encodings of words have one length."""
        return "slerp"

    def prompt_problems(self, prompt: str) -> Iterator[Problem]:
        """A word that is not understood."""
        return self.metadata[0].conditioning.problems(prompt)

    def tokens(self, prompt: str) -> tuple[Token, ...]:
        """A token for each word."""
        return self.metadata[0].conditioning.words(prompt)

    def load(self, device: str = "cpu", dtype: str = "float32") -> NoisePredictor:
        """Read the weights."""
        from superpose_ldm import Files, latent_predictor

        return latent_predictor(self, self.metadata[0], Files(), device, dtype)

    @property
    def weight_files(self) -> Mapping[str, Path]:
        """Every file of weights."""
        from superpose_networks import named_shards

        return named_shards(self.metadata[0].files)


@attrs.frozen
class Phrases:
    """Prompts are phrases, whose words may have weights: "(bold:1.5) A in red".

    Attributes:
        part: The encoder.
        width: Features of a word.
        vocabulary: The words it knows.
    """

    part: LazyNetwork[TextEncoder]
    width: int | None
    vocabulary: Vocabulary

    def problems(self, prompt: str) -> Iterator[Problem]:
        """A word that is not known."""
        return Problem.caught("", lambda: self._read(prompt))

    def _read(self, prompt: str) -> None:
        from superpose_networks import WeightedPrompt

        read = WeightedPrompt.of(prompt)
        self._numbers(read.text)
        read.of_tokens(_words(read.text))

    def words(self, prompt: str) -> tuple[Token, ...]:
        """A token for each word."""
        from superpose_networks import unweighted

        return tuple(Token(word, number) for number, word in enumerate(unweighted(prompt).split()))

    def told(self, network: Callable[[Tensor], Tensor], device: str) -> EncodePrompt:
        """Features of each word, as the encoder has them."""
        import torch

        from superpose_networks import WeightedPrompt

        def encode(text: str) -> Tensor:
            return network(torch.tensor([self._numbers(text)], device=device))

        return lambda prompt: {"context": WeightedPrompt.of(prompt).told(encode, _words)}

    def _numbers(self, prompt: str) -> list[int]:
        try:
            return self.vocabulary.read(prompt)
        except ValueError as error:
            raise PromptError(str(error)) from error


def _words(text: str) -> list[tuple[int, int]]:
    """Places of all words."""
    return [word.span() for word in re.finditer(r"\S+", text)]
