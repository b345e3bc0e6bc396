"""Latent diffusion as recipes name it."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from superpose import (
    FileModel,
    Fit,
    Parameterization,
    Problem,
    RecipeError,
    fit_option,
    locate,
    option,
    read_text,
    resizer_option,
)
from superpose_ldm.files import Files

if TYPE_CHECKING:
    from superpose import ChannelGroup, InterpolationPath, LearnedVariance, NoisePredictor, Schedule, Token
    from superpose_ldm.checkpoint import Checkpoint


@attrs.frozen(kw_only=True)
class LatentDiffusion(FileModel["Checkpoint"], ABC):
    """Base of all kinds of latent diffusion."""

    path: Path | None = option(None, doc="the checkpoint: a folder of diffusers, a .safetensors or a .ckpt file")
    hub: str | None = option(None, doc="instead of path: a model on the Hugging Face hub")
    variant: str | None = option(
        None, doc="which files of weights of a folder to read, such as fp16 or ema; unset: the full ones"
    )
    config: Path | None = option(None, doc="the YAML file of a .ckpt that is not Stable Diffusion as published")
    ema: bool = option(True, doc="use averaged weights where a single file has them")
    size: int | None = option(None, doc="height and width of an image in pixels; that of training when absent", ge=8)
    prediction: Parameterization | None = option(
        None,
        doc="what the network predicts, where its files do not say: Stable Diffusion 2 of 768 pixels predicts v",
        choices=("epsilon", "v", "sample"),
    )
    tokenizer: Path | None = option(None, doc="folder of the tokenizer, which a single file does not have")
    classes: Path | None = option(None, doc="text file with the name of one class a line, for models of classes")
    image: Path | None = option(None, doc="what the network edits, fills or enlarges; or the semantic map it paints")
    mask: Path | None = option(None, doc="for networks made for inpainting: white is painted anew, black is kept")
    fit: str = fit_option()
    resizer: str = resizer_option()

    def read(self) -> Checkpoint:
        """Content of the files, without their weights."""
        from superpose_ldm.folder import read_folder
        from superpose_ldm.single import SingleFile

        path = locate(self.path, self.hub)
        if path.is_dir():
            if self.config is not None:
                raise RecipeError(f"config: {path} is a folder, which describes itself: leave config out")
            checkpoint = read_folder(path, self.prediction, self.tokenizer, self.variant)
        elif self.variant is not None:
            raise RecipeError(f"variant: {path} is one file of weights: leave variant out")
        else:
            checkpoint = SingleFile(
                path=path,
                config=self.config,
                ema=self.ema,
                prediction=self.prediction,
                tokenizer=self.tokenizer,
                names=_lines(self.classes),
            ).read()
        shape = checkpoint.shape(self.size)
        self._files.check(checkpoint.sees, path, checkpoint.image_shape(self.size), shape[1:], checkpoint.rescaler)
        return checkpoint

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, h, w) of the latents."""
        return self.metadata.shape(self.size)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(3, H, W) of the images."""
        return self.metadata.image_shape(self.size)

    @property
    def schedule(self) -> Schedule:
        """Noise levels of training."""
        return self.metadata.schedule

    @property
    def learned_variance(self) -> LearnedVariance:
        """None: the channels of the output are those of the latents."""
        return "none"

    @property
    def upscales(self) -> bool:
        """True where it takes the images of a stage before in place of a file."""
        return self.image is None and self.metadata.sees == "small image"

    @property
    def enlarges_canvases(self) -> bool:
        """True: the small image is resized to as many places as the noise has."""
        return True

    @property
    def concat_conditioning(self) -> tuple[ChannelGroup, ...]:
        """Groups of channels of the image or mask that it looks at, by how views act on them."""
        return self.metadata.concat_conditioning

    @property
    def interpolation(self) -> InterpolationPath | None:
        """Along the sphere, where prompts are words or classes: both are told as features."""
        return None if self.metadata.conditioning.width is None else "slerp"

    def prompt_problems(self, prompt: str) -> Iterator[Problem]:
        """A prompt where the model knows none, a class that it does not know, words without a tokenizer."""
        return self.metadata.conditioning.problems(prompt)

    def tokens(self, prompt: str) -> tuple[Token, ...]:
        """Tokens of a prompt, where prompts are words."""
        return self.metadata.conditioning.words(prompt)

    def load(self, device: str = "cpu", dtype: str = "float32") -> NoisePredictor:
        """Read the weights."""
        from superpose_ldm.predictor import latent_predictor

        return latent_predictor(self, self.metadata, self._files, device, dtype)

    @property
    def weight_files(self) -> Mapping[str, Path]:
        """Every file of weights."""
        from superpose_networks import named_shards

        return named_shards(self.metadata.files)

    @property
    def _files(self) -> Files:
        return Files(self.image, self.mask, Fit(self.fit, self.resizer))


def _lines(path: Path | None) -> tuple[str, ...]:
    return () if path is None else tuple(read_text(path).splitlines())


@attrs.frozen(kw_only=True)
class StableDiffusion(LatentDiffusion):
    """Stable Diffusion 1 and 2: images of any text.

    From a folder of diffusers, or a single file with ``tokenizer``. Networks made for inpainting look at ``image`` and
    ``mask``. Latents are not pixels: a view of latents is nearly, and not exactly, that view of the image.
    """

    kind = "stable-diffusion"
    papers = ("arXiv 2112.10752",)


@attrs.frozen(kw_only=True)
class CompVis(LatentDiffusion):
    """Latent diffusion as CompVis published it, by a ``.ckpt`` and the YAML file beside it, or as folders of diffusers.

    Prompts are nothing, a class (its number, or its name where ``classes`` is given) or text, as the checkpoint has it.
    Latents are not pixels: a view of latents is nearly, and not exactly, that view of the image.
    """

    kind = "ldm"
    papers = ("arXiv 2112.10752", "arXiv 2012.09841")


@attrs.frozen(kw_only=True)
class InstructPix2Pix(LatentDiffusion):
    """Edits ``image`` as the prompt says: latent diffusion that sees an image. Guide it with ``dual``."""

    kind = "instruct-pix2pix"
    papers = ("arXiv 2211.09800",)
