"""Pixel models in the folder layout of diffusers, and checkpoints of DDPM's PyTorch port, as a recipe names them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from superpose import (
    Clip,
    FileModel,
    Problem,
    RecipeError,
    class_of,
    option,
    published_clip,
    published_parameterization,
    published_schedule,
    read_json,
)

if TYPE_CHECKING:
    from superpose import LearnedVariance, NoisePredictor, Parameterization, Schedule
    from superpose_networks import LazyNetwork, UNet2D, UNet2DConfig

#: The schedule of DDPM's own models, whose checkpoints say nothing of it.
PORT_SCHEDULER = {"beta_schedule": "linear", "beta_start": 0.0001, "beta_end": 0.02}


@attrs.frozen
class Described:
    """Content of the files.

    Attributes:
        config: Of the network.
        network: The network.
        scheduler: Configuration of the noise levels; those of DDPM's own models where nothing is written.
    """

    config: UNet2DConfig
    network: LazyNetwork[UNet2D]
    scheduler: Mapping[str, Any]


@attrs.frozen(kw_only=True)
class DDPMFolder(FileModel[Described]):
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

    def read(self) -> Described:
        """The network and what is written of its noise levels."""
        if self.path.is_dir():
            from superpose_networks import read_unet2d, weight_files

            inner = self.path / "unet"
            where, weights = weight_files(inner if inner.is_dir() else self.path, self.variant)
            config, network = read_unet2d((where, weights))
        elif self.variant is not None:
            raise RecipeError(f"variant: {self.path} is one file of weights: leave variant out")
        else:
            from superpose_ddpm.port_names import read_port

            where = self.path
            config, network = read_port(where, self.size)
        if config.class_embed_type is not None:
            raise RecipeError(f"{where}: it is conditional on class_embed_type = {config.class_embed_type!r}: no class")
        return Described(config, network, self._scheduler())

    @property
    def config(self) -> UNet2DConfig:
        """The configuration of the network."""
        return self.metadata.config

    @property
    def weight_files(self) -> Mapping[str, Path]:
        """The file of weights, or its shards."""
        return {shard.name: shard for shard in self.metadata.network.file.shards}

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

    def _scheduler(self) -> dict[str, Any]:
        for file in (self.path / "scheduler", self.path, self.path.parent / "scheduler"):
            if (file / "scheduler_config.json").exists():
                return read_json(file / "scheduler_config.json")
        return dict(PORT_SCHEDULER)

    @property
    def scheduler(self) -> Mapping[str, Any]:
        """Configuration of the noise levels."""
        return self.metadata.scheduler

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

    def prompt_problems(self, prompt: str) -> Iterator[Problem]:
        """A prompt that is none of the network's classes."""
        return Problem.caught("", lambda: self.label(prompt))

    def label(self, prompt: str) -> int | None:
        """The class that a prompt names; None where the network knows none."""
        return class_of(prompt, self.config.num_class_embeds, self.labels)

    def load(self, device: str = "cpu", dtype: str = "float32") -> NoisePredictor:
        """Read the weights."""
        from superpose import NetworkPredictor
        from superpose_networks import class_labels

        return NetworkPredictor(
            self,
            self.metadata.network.load(device, dtype),
            class_labels(self.label, "class_labels"),
            device,
            dtype,
            parameterization=self.parameterization,
        )
