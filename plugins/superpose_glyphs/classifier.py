"""The embedded classifier of glyphs as recipes name it, and what it shares with that of pictograms."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from superpose import FileClassifier, PromptError, TableSchedule, option
from superpose_glyphs.model import trained
from superpose_glyphs.names import names_in
from superpose_glyphs.vocabulary import class_of

if TYPE_CHECKING:
    from superpose import ClassifierPredictor, Schedule


@attrs.frozen(kw_only=True)
class NoisyReader(FileClassifier[tuple[str, ...]], ABC):
    """Base of the classifiers that ``python -m superpose_glyphs.train`` writes."""

    path: Path | None = option(None, doc="a folder of weights that superpose_glyphs.train wrote; absent: our own")

    @property
    def folder(self) -> Path:
        """Folder of the weights.

        Raises:
            RecipeError: They are not there.
        """
        return trained(self.path, self.kind, "classes.json")

    @property
    def schedule(self) -> Schedule:
        """The cosine schedule, 1000 steps."""
        return TableSchedule.named("cosine")

    def read(self) -> tuple[str, ...]:
        """Names of the classes, in order."""
        return names_in(self.folder / "classes.json")

    @property
    def names(self) -> tuple[str, ...]:
        """Of the classes, in order."""
        return self.metadata

    @property
    def weight_files(self) -> Mapping[str, Path]:
        """The weights."""
        return {self.kind: self.folder / "model.safetensors"}

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.names)

    def load(self, device: str = "cpu", dtype: str = "float32") -> ClassifierPredictor:
        """Read the weights."""
        from superpose import NetworkClassifier, torch_dtype
        from superpose_glyphs.reader import load_reader

        reader = load_reader(self.folder, device, torch_dtype(dtype), self.shape[1])
        return NetworkClassifier(self.shape, reader, device, dtype)


@attrs.frozen(kw_only=True)
class GlyphsClassifier(NoisyReader):
    """Reads letters and digits through noise, on the noise levels of ``glyphs``; it comes with the package.

    It learned on images that were moved against it, so that its gradient leads to what people read too: guide with
    scales of 100 and more. Prompts are those of ``glyphs``; "colour A" is read as "A".
    """

    kind = "glyphs-classifier"
    papers = ("arXiv 2105.05233", "arXiv 1706.06083", "arXiv 2208.08664")

    @property
    def shape(self) -> tuple[int, int, int]:
        """(3, 32, 32)."""
        return 3, 32, 32

    def label(self, prompt: str) -> int:
        """The class that a prompt names, in whatever style.

        Raises:
            PromptError: There is none.
        """
        try:
            return class_of(prompt, self.names)
        except ValueError as error:
            style, _, name = prompt.partition(" ")
            if style in ("colour", "color") and name in self.names:
                return self.names.index(name)
            raise PromptError(f"classifier {self.kind!r}: {error}") from error
