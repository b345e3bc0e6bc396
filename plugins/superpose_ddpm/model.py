"""Pixel models in the folder layout of diffusers, and checkpoints of DDPM's PyTorch port, as a recipe names them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from superpose import (
    Clip,
    Model,
    RecipeError,
    class_of,
    option,
    published_clip,
    published_parameterization,
    published_schedule,
    read_json,
    regular_file,
)

if TYPE_CHECKING:
    from superpose import LearnedVariance, NoisePredictor, Parameterization, Schedule
    from superpose_networks import UNet2DConfig

#: The schedule of DDPM's own models, whose checkpoints say nothing of it.
PORT_SCHEDULER = {"beta_schedule": "linear", "beta_start": 0.0001, "beta_end": 0.02}


@attrs.frozen(kw_only=True)
class DDPMFolder(Model):
    """A pixel model in the folder layout of diffusers (``UNet2DModel``), or a checkpoint of DDPM's PyTorch port.

    ``path`` is the folder of a pipeline, that of its ``unet`` alone, or the port's file. The noise schedule, what the
    network predicts and how its images are clipped are read from ``scheduler_config.json`` beside it, where there is
    one. Prompts are classes ("3"), names of a ``labels`` file, or "" where the network knows no classes.
    """

    kind = "ddpm"
    papers = ("arXiv 2006.11239",)
    path: Path = option(doc="the folder, or the port's .ckpt or .pth file")
    size: int | None = option(None, doc="height and width of the images, where they are not written beside it", ge=1)
    variant: str | None = option(
        None, doc="which files of weights of a folder to read, such as fp16 or ema; unset: the full ones"
    )
    labels: Path | None = option(None, doc="a file with the names of a class in each line, for prompts")

    @property
    def config(self) -> UNet2DConfig:
        """The configuration of the network.

        Raises:
            RecipeError: If a file is missing, damaged or of another family.
        """
        from superpose_networks import UNet2DConfig, read_config

        if self.variant is not None and not self.path.is_dir():
            raise RecipeError(f"variant: {self.path} is one file of weights: leave variant out")
        file = self.folder / "config.json" if self.path.is_dir() else self.path
        try:
            config = UNet2DConfig.from_mapping(read_config(file) if self.path.is_dir() else _port(file, self.size))
        except ValueError as error:
            raise RecipeError(f"{file}: {error}") from error
        if config.class_embed_type is not None:
            raise RecipeError(f"{file}: it is conditional on class_embed_type = {config.class_embed_type!r}: no class")
        return config

    @property
    def folder(self) -> Path:
        """Files of ``config.json`` and of the weights."""
        inner = self.path / "unet"
        return inner if inner.is_dir() else self.path

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W), of what the network writes."""
        config = self.config
        size = self.size or config.sample_size
        if size is None:
            raise RecipeError(f"{self.path} does not tell the size of its images: give size")
        height, width = (size, size) if isinstance(size, int) else size
        unit = config.multiple
        if height % unit or width % unit:
            near = max(unit, round(height / unit) * unit)
            raise RecipeError(
                f"{self.path} halves images to 1/{unit}, which {height}x{width} can't be: write size = {near}, or "
                f"another multiple of {unit}"
            )
        return config.in_channels, height, width

    @property
    def scheduler(self) -> dict[str, Any]:
        """Configuration of the noise levels."""
        for file in (self.path / "scheduler", self.path, self.path.parent / "scheduler"):
            if (file / "scheduler_config.json").exists():
                return read_json(file / "scheduler_config.json")
        return dict(PORT_SCHEDULER)

    @property
    def schedule(self) -> Schedule:
        """The noise levels; those of DDPM's own models where nothing is written."""
        return published_schedule(self.scheduler)

    @property
    def parameterization(self) -> Parameterization:
        """Parameterization of the output."""
        return published_parameterization(self.scheduler)

    @property
    def learned_variance(self) -> LearnedVariance:
        """Meaning of the output's further channels, where there are any."""
        written, channels = self.config.out_channels, self.config.in_channels
        if written == channels:
            return "none"
        if written != 2 * channels:
            raise RecipeError(f"{self.path} writes {written} channels for images of {channels}: that is no pixel model")
        return "learned" if self.scheduler.get("variance_type") == "learned" else "learned_range"

    @property
    def clip(self) -> Clip | None:
        """As the scheduler's file says; pixels are in [-1, 1]."""
        return published_clip(self.scheduler)

    def check_prompt(self, prompt: str) -> None:
        """Raise `PromptError` if ``prompt`` is none of the network's classes."""
        class_of(prompt, self.config.num_class_embeds, self.labels)

    def check_files(self) -> None:
        """Refuse a file that is not of its configuration."""
        self.load("meta")

    def load(self, device: str = "cpu", dtype: str = "float32") -> NoisePredictor:
        """Read the weights."""
        from superpose_ddpm.predictor import FolderPredictor

        return FolderPredictor(self, device, dtype)

    def weights(self) -> dict[str, str]:
        """SHA-256 of the file of weights."""
        from superpose import digest
        from superpose_networks import shards, weight_files

        file = weight_files(self.folder, self.variant)[1] if self.path.is_dir() else self.path
        return {shard.name: digest(shard) for shard in shards(file)}


def _port(path: Path, size: int | None) -> dict[str, Any]:
    return _port_config(path, regular_file(path).stat().st_mtime_ns, size)


@lru_cache(maxsize=16)
def _port_config(path: Path, modified: int, size: int | None) -> dict[str, Any]:
    del modified  # a file that changed is read again
    from superpose_ddpm.port_names import LANDMARK, port_config
    from superpose_networks import tensor_shapes

    return port_config(tensor_shapes(path, landmark=LANDMARK), path, size)
