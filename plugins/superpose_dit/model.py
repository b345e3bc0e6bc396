"""Diffusion transformers as recipes name them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from superpose import FileModel, Problem, locate, option

if TYPE_CHECKING:
    from superpose import LearnedVariance, NoisePredictor, Schedule
    from superpose_dit.files import DiTFiles


@attrs.frozen(kw_only=True)
class DiffusionTransformer(FileModel["DiTFiles"]):
    """DiT: images of ImageNet's classes, by a transformer over latents.

    From a folder of diffusers, or a ``.pt`` file of the paper's code with ``vae``. Prompts are classes: their number,
    or their name where the folder has names; "" is no class in particular. Latents are not pixels: a view of latents
    is nearly, and not exactly, that view of the image.
    """

    kind = "dit"
    papers = ("arXiv 2212.09748",)
    path: Path | None = option(None, doc="the checkpoint: a folder of DiTPipeline, or a .pt file")
    hub: str | None = option(None, doc="instead of path: a model on the Hugging Face hub")
    vae: Path | None = option(None, doc="folder of the autoencoder, which a .pt file does not have: sd-vae-ft-ema")
    variant: str | None = option(
        None, doc="which files of weights of a folder to read, such as fp16 or ema; unset: the full ones"
    )
    heads: int | None = option(None, doc="heads of attention of a .pt file whose width is none of the published", ge=1)

    def read(self) -> DiTFiles:
        """Content of the files, without their weights."""
        from superpose_dit.files import read_dit

        return read_dit(locate(self.path, self.hub), self.vae, self.heads, self.variant)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, h, w) of the latents."""
        config = self.metadata.config
        return config.in_channels, config.sample_size, config.sample_size

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(3, H, W) of the images."""
        latents, (_, height, width) = self.metadata.latents, self.shape
        return latents.out_channels, height * latents.factor, width * latents.factor

    @property
    def schedule(self) -> Schedule:
        """Noise levels of training."""
        return self.metadata.schedule

    @property
    def learned_variance(self) -> LearnedVariance:
        """A range, where it writes twice the channels."""
        config = self.metadata.config
        return "learned_range" if config.out_channels == 2 * config.in_channels else "none"

    def number(self, prompt: str) -> int:
        """The class of a prompt.

        Raises:
            PromptError: If there is none, with the nearest.
        """
        from superpose_networks import class_number

        count = self.metadata.config.num_embeds_ada_norm
        return class_number(prompt, count, self.metadata.names, count)

    def prompt_problems(self, prompt: str) -> Iterator[Problem]:
        """A prompt that names no class."""
        return Problem.caught("", lambda: self.number(prompt))

    def load(self, device: str = "cpu", dtype: str = "float32") -> NoisePredictor:
        """Read the weights."""
        from superpose import NetworkPredictor
        from superpose_networks import class_labels

        network = self.metadata.network.load(device, dtype)
        autoencoder = self.metadata.autoencoder.load(device, dtype)
        return NetworkPredictor(
            self,
            network,
            class_labels(self.number),
            device,
            dtype,
            autoencoder=autoencoder,
            modules=(network, autoencoder.encoder, autoencoder.decoder),
        )

    @property
    def weight_files(self) -> Mapping[str, Path]:
        """Every file of weights."""
        from superpose_networks import named_shards

        known = self.metadata
        return named_shards({"transformer": known.network.file, "first stage": known.autoencoder.file})
