"""EDM's networks as a recipe names them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from superpose import EDMSchedule, FileModel, Problem, RecipeError, class_of, option, read_json

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import InterpolationPath, LearnedVariance, NoisePredictor, Schedule
    from superpose_edm.config import EDMConfig
    from superpose_edm.network import EDMUNet
    from superpose_networks import LazyNetwork

#: What a converted folder calls its weights.
WEIGHTS = "model.safetensors"
#: The range that EDM samples in, where the network was trained on more.
LOWEST, HIGHEST = 0.002, 80.0


@attrs.frozen(kw_only=True)
class EDM(FileModel["tuple[EDMConfig, LazyNetwork[EDMUNet]]"]):
    """A network of EDM, from a folder that ``python -m superpose_edm.convert FILE.pkl FOLDER`` has made.

    Every noise level may be asked, on EDM's own axis from 0.002 to 80 (or the range of training, where that is less).
    Prompts are classes ("207"), names of a ``labels`` file, and "" for no class.
    """

    kind = "edm"
    papers = ("arXiv 2206.00364", "arXiv 2011.13456")
    path: Path = option(doc="the converted folder")
    labels: Path | None = option(None, doc="a file with the names of a class in each line, for prompts")

    def read(self) -> tuple[EDMConfig, LazyNetwork[EDMUNet]]:
        """Configuration of the network, and the network."""
        from superpose_edm.config import EDMConfig
        from superpose_edm.loading import edm

        if self.path.suffix == ".pkl":
            raise RecipeError(f"{self.path} must be made harmless: python -m superpose_edm.convert {self.path} FOLDER")
        config = EDMConfig.from_mapping(read_json(self.path / "config.json"), str(self.path))
        return config, edm(self.path / WEIGHTS, config)

    @property
    def config(self) -> EDMConfig:
        """Configuration of the network."""
        return self.metadata[0]

    @property
    def weight_files(self) -> Mapping[str, Path]:
        """The converted file."""
        return {WEIGHTS: self.path / WEIGHTS}

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, size, size)."""
        config = self.config
        unit = 2 ** (len(config.widths) - 1)
        if config.img_resolution % unit:
            raise RecipeError(
                f"{self.path}: img_resolution = {config.img_resolution} is no multiple of {unit}, to which it is halved"
            )
        return config.img_channels, config.img_resolution, config.img_resolution

    @property
    def learned_variance(self) -> LearnedVariance:
        """Variance that iDDPM's networks say is not used, as in EDM."""
        return "none"

    @property
    def schedule(self) -> Schedule:
        """EDM's axis of noise levels."""
        low, high = self.config.around.ends
        return EDMSchedule(sigma_min=max(low, LOWEST), sigma_max=min(high, HIGHEST))

    @property
    def interpolation(self) -> InterpolationPath | None:
        """Along a line, where there are classes: each is a one among zeros."""
        return "lerp" if self.config.label_dim else None

    def prompt_problems(self, prompt: str) -> Iterator[Problem]:
        """A prompt that is none of the network's classes."""
        return Problem.caught("", lambda: self.label(prompt))

    def label(self, prompt: str) -> int | None:
        """The class that a prompt names; None for no class."""
        return class_of(prompt, self.config.label_dim or None, self.labels) if prompt else None

    def load(self, device: str = "cpu", dtype: str = "float32") -> NoisePredictor:
        """Read the weights."""
        from superpose import NetworkPredictor
        from superpose_edm.loading import preconditioned

        config, lazy = self.metadata
        network = lazy.load(device, dtype)
        return NetworkPredictor(
            self,
            network,
            self._encoded,
            device,
            dtype,
            parameterization="sample",
            forward=preconditioned(network, config.around),
        )

    def _encoded(self, prompt: str) -> dict[str, Tensor]:
        """A class as a row with a one in its place."""
        import torch

        label, count = self.label(prompt), self.config.label_dim
        classes = torch.zeros(1, count)
        if label is not None:
            classes[0, label] = 1
        return {"classes": classes} if count else {}
