"""The pixel model as a recipe names it."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from superpose import Clip, Model, PromptError, StaticClip, TableSchedule
from superpose_glyphs.vocabulary import class_of

if TYPE_CHECKING:
    from superpose import NoisePredictor, Schedule

FOLDER = Path(__file__).parent / "weights" / "glyphs"
WEIGHTS = FOLDER / "diffusion_pytorch_model.safetensors"


@attrs.frozen(kw_only=True)
class Glyphs(Model):
    """Letters and digits in pixels, 32x32 RGB: a DDPM that comes with the package.

    Prompts: "A" is a black A on white, "colour A" one in any ink on any paper, "" anything. It knows A-Z, a-z and 0-9.
    It predicts v on the cosine schedule.
    """

    kind = "glyphs"
    papers = ("arXiv 2006.11239", "arXiv 2102.09672", "arXiv 2202.00512")

    @property
    def shape(self) -> tuple[int, int, int]:
        """(3, 32, 32)."""
        return 3, 32, 32

    @property
    def schedule(self) -> Schedule:
        """The cosine schedule, 1000 steps."""
        return TableSchedule.named("cosine")

    @property
    def clip(self) -> Clip:
        """Pixels are in [-1, 1]."""
        return StaticClip()

    def load(self, device: str = "cpu", dtype: str = "float32") -> NoisePredictor:
        """Read the embedded weights."""
        from superpose_glyphs.predictor import GlyphPredictor

        return GlyphPredictor(FOLDER, self.schedule, self.clip, device, dtype)

    def check_prompt(self, prompt: str) -> None:
        """Raise `PromptError`, naming the nearest known prompts, if ``prompt`` is not in the vocabulary."""
        try:
            class_of(prompt)
        except ValueError as error:
            raise PromptError(str(error)) from error

    def weights(self) -> dict[str, str]:
        """SHA-256 of the embedded weights."""
        return {"glyphs": _digest()}


@cache
def _digest() -> str:
    return hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()
