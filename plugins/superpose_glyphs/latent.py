"""The embedded text-to-image model as recipes name it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from superpose import Clip, PromptError
from superpose_glyphs.model import WEIGHTS, Trained
from superpose_glyphs.phrases import Vocabulary

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from superpose import NoisePredictor
    from superpose_ldm import Checkpoint, Told
    from superpose_networks import LazyNetwork


@attrs.frozen(kw_only=True)
class GlyphsLatent(Trained):
    """Letters and digits by a phrase, 32x32 RGB: a small Stable Diffusion that comes with the package.

    Phrases: "A", "bold A", "light italic A in red on yellow"; "" is anything. It predicts v of latents of 8x8 places,
    whose attention looks at every word. Latents are not pixels: a view of latents is nearly, and not exactly, that view
    of the image.
    """

    kind = "glyphs-ldm"
    papers = ("arXiv 2112.10752", "arXiv 2202.00512")
    embedded = "glyphs-ldm"
    file = f"unet/{WEIGHTS}"

    @property
    def checkpoint(self) -> Checkpoint:
        """Content of its files."""
        from superpose_ldm import read_folder

        checkpoint = read_folder(self.folder, None, None)
        part: LazyNetwork = checkpoint.conditioning.part  # type: ignore[attr-defined]  # a folder with a text encoder
        return attrs.evolve(checkpoint, conditioning=Phrases(part, checkpoint.conditioning.width, self.vocabulary))

    @property
    def vocabulary(self) -> Vocabulary:
        """The words it knows, ``words.json``."""
        words = json.loads((self.folder / "words.json").read_text(encoding="utf-8"))
        text = json.loads((self.folder / "text_encoder" / "config.json").read_text(encoding="utf-8"))
        return Vocabulary(tuple(words), text["max_position_embeddings"])

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

    def check_prompt(self, prompt: str) -> None:
        """Raise `PromptError`, naming the word that is not understood."""
        _numbers(self.vocabulary, prompt)

    def load(self, device: str = "cpu", dtype: str = "float32") -> NoisePredictor:
        """Read the weights."""
        from superpose_ldm import Files, LatentPredictor

        return LatentPredictor(self.checkpoint, None, Files(None, None), device, dtype)

    def weights(self) -> dict[str, str]:
        """SHA-256 of each file of weights."""
        return self.checkpoint.digests()


@attrs.frozen
class Phrases:
    """Prompts are phrases.

    Attributes:
        part: The encoder.
        width: Features of a word.
        vocabulary: The words it knows.
    """

    part: LazyNetwork
    width: int | None
    vocabulary: Vocabulary

    def check(self, prompt: str) -> None:
        """Refuse words that are not known."""
        _numbers(self.vocabulary, prompt)

    def load(self, device: str, dtype: torch.dtype) -> Told:
        """Read the encoder."""
        import torch

        encoder: Any = self.part.load(device, dtype)

        def told(prompt: str) -> Mapping[str, Tensor]:
            with torch.inference_mode():
                return {"context": encoder(torch.tensor([_numbers(self.vocabulary, prompt)], device=device)).clone()}

        return told


def _numbers(vocabulary: Vocabulary, prompt: str) -> list[int]:
    try:
        return vocabulary.read(prompt)
    except ValueError as error:
        raise PromptError(str(error)) from error
