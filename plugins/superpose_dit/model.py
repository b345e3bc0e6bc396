"""Diffusion transformers as recipes name them."""

from __future__ import annotations

import difflib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from superpose import Model, PromptError, locate, option

if TYPE_CHECKING:
    from superpose import LearnedVariance, NoisePredictor, Schedule
    from superpose_dit.files import DiTFiles


@attrs.frozen(kw_only=True, slots=False)  # what is read once is kept
class DiffusionTransformer(Model):
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

    @cached_property
    def files(self) -> DiTFiles:
        """Content of the files, without their weights.

        Raises:
            RecipeError: If a file is missing, or says something that is not supported.
        """
        from superpose_dit.files import read_dit

        return read_dit(locate(self.path, self.hub), self.vae, self.heads, self.variant)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, h, w) of the latents."""
        config = self.files.config
        return config.in_channels, config.sample_size, config.sample_size

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(3, H, W) of the images."""
        latents, (_, height, width) = self.files.latents, self.shape
        return latents.out_channels, height * latents.factor, width * latents.factor

    @property
    def schedule(self) -> Schedule:
        """Noise levels of training."""
        return self.files.schedule

    @property
    def learned_variance(self) -> LearnedVariance:
        """A range, where it writes twice the channels."""
        config = self.files.config
        return "learned_range" if config.out_channels == 2 * config.in_channels else "none"

    def number(self, prompt: str) -> int:
        """The class of a prompt.

        Raises:
            PromptError: If there is none, with the nearest.
        """
        count, names = self.files.config.num_embeds_ada_norm, self.files.names
        if not prompt:
            return count
        if prompt in names:
            return names[prompt]
        if prompt.isdecimal() and int(prompt) < count:
            return int(prompt)
        near = difflib.get_close_matches(prompt, names, 1)
        what = f"a number from 0 to {count - 1}" + (" or a name" if names else "")
        raise PromptError(f"unknown class {prompt!r}: write {what}" + (f"; did you mean {near[0]!r}?" if near else ""))

    def check_prompt(self, prompt: str) -> None:
        """Raise `PromptError` if there is no such class."""
        self.number(prompt)

    def check_files(self) -> None:
        """Refuse files whose tensors are not those of the network."""
        self.load("meta")

    def load(self, device: str = "cpu", dtype: str = "float32") -> NoisePredictor:
        """Read the weights."""
        from superpose_dit.predictor import DiTPredictor

        return DiTPredictor(self, device, dtype)

    def weights(self) -> dict[str, str]:
        """SHA-256 of each file of weights."""
        from superpose import digest
        from superpose_networks import shards

        files = {"transformer": self.files.network.source, "first stage": self.files.autoencoder.source}
        return {
            name if file == source else f"{name}/{file.name}": digest(file)
            for name, source in files.items()
            for file in shards(source)
        }
