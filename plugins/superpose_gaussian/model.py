"""The models as recipes name them."""

from __future__ import annotations

import difflib
from abc import ABC
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import attrs

from superpose import FileModel, Problem, RecipeError, TableSchedule, option
from superpose_gaussian.prompts import PROMPTS_FILE, Described

if TYPE_CHECKING:
    from superpose import NoisePredictor, Schedule

EMBEDDED = Path(__file__).parent / "weights"


@attrs.frozen(kw_only=True)
class Exact(FileModel[Described], ABC):
    """Base of the models that ``python -m superpose_gaussian.fit`` writes."""

    embedded: ClassVar[str]
    path: Path | None = option(None, doc="a folder that superpose_gaussian.fit wrote; absent: our own")

    @property
    def folder(self) -> Path:
        """Folder of the weights.

        Raises:
            RecipeError: They are not there.
        """
        folder = self.path or EMBEDDED / self.embedded
        for name in ("model.safetensors", PROMPTS_FILE):
            if not (folder / name).exists():
                raise RecipeError(f"path: {folder} has no {name}; write a folder of superpose_gaussian.fit")
        return folder

    def read(self) -> Described:
        """Names of the distributions and the shape of an image."""
        return Described.of(self.folder)

    @property
    def weight_files(self) -> Mapping[str, Path]:
        """The weights."""
        return {self.kind: self.folder / "model.safetensors"}

    def problems(self) -> Iterable[Problem]:
        """None that is known before: they are small, and read whole."""
        return ()

    @property
    def shape(self) -> tuple[int, int, int]:
        """(3, H, W), as the folder says."""
        return self.metadata.shape

    @property
    def schedule(self) -> Schedule:
        """The cosine schedule, 1000 steps, as the other embedded models have; a formula knows every level."""
        return TableSchedule.named("cosine")

    @property
    def prompts(self) -> tuple[str, ...]:
        """Names of the distributions."""
        return self.metadata.prompts

    def prompt_problems(self, prompt: str) -> Iterator[Problem]:
        """A prompt that is the name of no distribution, with the nearest ones."""
        if prompt and prompt not in self.prompts:
            near = difflib.get_close_matches(prompt, self.prompts, 2, cutoff=0)
            told = ", ".join(map(repr, dict.fromkeys([*near, ""])))
            yield Problem("", f"unknown prompt {prompt!r}; nearest: {told}")

    def load(self, device: str = "cpu", dtype: str = "float32") -> NoisePredictor:
        """Read the distributions; they are computed with in float64 whatever ``dtype`` says."""
        del dtype
        from superpose_gaussian.files import read
        from superpose_gaussian.predictor import ExactPredictor

        return ExactPredictor(read(self.folder), self.prompts, self.shape, self.schedule, device)


@attrs.frozen(kw_only=True)
class Gaussian(Exact):
    """Letters as one normal distribution: its clean image is exact, and so is all that follows from it.

    Probabilistic principal components of the letters and digits that ``glyphs`` learned from, black on white, 32x32.
    It knows the prompt "" alone. Samplers, guidance and constraints can be measured against the truth on it; its
    samples are as blurred as a normal distribution is.
    """

    kind = "gaussian"
    papers = ("doi 10.1111/1467-9868.00196",)
    embedded = "gaussian"


@attrs.frozen(kw_only=True)
class GaussianMixture(Exact):
    """Letters as a mixture, a normal distribution for each character: its clean image is exact.

    Prompts: "A" is the distribution of the A, "" the mixture of all. It knows A-Z, a-z and 0-9, black on white, 32x32.
    """

    kind = "mixture"
    papers = ("doi 10.1162/089976699300016728",)
    embedded = "mixture"
