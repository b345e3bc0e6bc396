"""The embedded models as recipes name them."""

from __future__ import annotations

import json
from abc import ABC
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import attrs

from superpose import Clip, Model, PromptError, RecipeError, StaticClip, TableSchedule, option
from superpose_glyphs.vocabulary import PROMPTS, class_of

if TYPE_CHECKING:
    from superpose import NoisePredictor, Schedule

EMBEDDED = Path(__file__).parent / "weights"
WEIGHTS = "diffusion_pytorch_model.safetensors"


@attrs.frozen(kw_only=True)
class Trained(Model, ABC):
    """Base of the models that ``python -m superpose_glyphs.train`` writes."""

    embedded: ClassVar[str]
    file: ClassVar[str] = WEIGHTS
    path: Path | None = option(None, doc="a folder of weights that superpose_glyphs.train wrote; absent: our own")

    @property
    def folder(self) -> Path:
        """Folder of the weights.

        Raises:
            RecipeError: They are not there.
        """
        return trained(self.path, self.embedded, self.file)

    @property
    def schedule(self) -> Schedule:
        """The cosine schedule, 1000 steps."""
        return TableSchedule.named("cosine")

    @property
    def clip(self) -> Clip | None:
        """Pixels are in [-1, 1]."""
        return StaticClip()

    @property
    def prompts(self) -> tuple[str, ...]:
        """Every prompt, in the order of the network's class table."""
        return prompts_of(self.folder)

    def check_prompt(self, prompt: str) -> None:
        """Raise `PromptError`, naming the nearest known prompts, if ``prompt`` is not in the vocabulary."""
        try:
            class_of(prompt, self.prompts)
        except ValueError as error:
            raise PromptError(str(error)) from error

    def weights(self) -> dict[str, str]:
        """SHA-256 of the weights."""
        from superpose import digest

        return {self.kind: digest(self.folder / WEIGHTS)}


@attrs.frozen(kw_only=True)
class Glyphs(Trained):
    """Letters and digits in pixels, 32x32 RGB: a DDPM that comes with the package.

    Prompts: "A" is a black A on white, "colour A" one in any ink on any paper, "" anything. It knows A-Z, a-z and 0-9.
    It predicts v on the cosine schedule. With ``path``, images of your own, whose labels are the prompts.
    """

    kind = "glyphs"
    papers = ("arXiv 2006.11239", "arXiv 2102.09672", "arXiv 2202.00512")
    embedded = "glyphs"

    @property
    def shape(self) -> tuple[int, int, int]:
        """(3, 32, 32)."""
        return 3, 32, 32

    def load(self, device: str = "cpu", dtype: str = "float32") -> NoisePredictor:
        """Read the weights."""
        from superpose_glyphs.predictor import GlyphPredictor

        return GlyphPredictor(self.folder, self.prompts, self.schedule, self.clip, device, dtype)


@attrs.frozen(kw_only=True)
class GlyphsCascade(Trained):
    """Small images of 32x32 pixels to 64x64: an upscaler after ``glyphs``, in a ``[[stage]]``.

    It paints over the small image, to which it may add noise; prompts say nothing to it. It predicts the large image,
    of which it finds what enlarging leaves to find, and a variance.
    """

    kind = "glyphs-cascade"
    papers = ("arXiv 2106.15282", "arXiv 2102.09672")
    embedded = "glyphs-cascade"
    upscales = True
    noise_level: int = option(20, doc="noise added to the small image, on the levels of the schedule", ge=0, le=400)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(3, 64, 64)."""
        return 3, 64, 64

    def check_prompt(self, prompt: str) -> None:
        """Any will do."""

    def load(self, device: str = "cpu", dtype: str = "float32") -> NoisePredictor:
        """Read the weights."""
        from superpose_glyphs.upscaler import UpscalePredictor

        return UpscalePredictor(self.folder, self.schedule, self.clip, self.noise_level, device, dtype)


def trained(path: Path | None, embedded: str, file: str) -> Path:
    """The folder of weights at ``path``, or our own called ``embedded``; `RecipeError` if it has no ``file``."""
    folder = path or EMBEDDED / embedded
    if not (folder / file).exists():
        raise RecipeError(f"path: {folder} has no {file}; write the folder 'weights' of a training run")
    return folder


def prompts_of(folder: Path) -> tuple[str, ...]:
    """The prompts of a folder of weights, ``prompts.json``; those of glyphs where there is none."""
    listed = folder / "prompts.json"
    return tuple(json.loads(listed.read_text(encoding="utf-8"))) if listed.exists() else PROMPTS
