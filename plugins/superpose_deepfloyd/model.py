"""The stages of a cascade as a recipe names them."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import attrs

from superpose import Clip, FileModel, Problem, RecipeError, locate, option
from superpose_deepfloyd.embeddings import COMMAND, Embeddings
from superpose_deepfloyd.stage import Stage, read_stage

if TYPE_CHECKING:
    from superpose import InterpolationPath, LearnedVariance, NoisePredictor, Schedule
    from superpose_deepfloyd.text import TextFolder


@attrs.frozen(kw_only=True)
class Cascaded(FileModel["tuple[Stage, Embeddings | TextFolder]"], ABC):
    """Base of both kinds of stage."""

    other: ClassVar[str]
    noise_level: int = attrs.field(default=0, init=False)  # of a first stage, which sees no small image

    path: Path | None = option(None, doc="folder of the pipeline, or of its unet, in the layout of diffusers")
    hub: str | None = option(None, doc="instead of path: a model on the Hugging Face hub")
    variant: str | None = option(
        None, doc="which files of weights of a folder to read, such as fp16 or ema; unset: the full ones"
    )
    embeddings: Path | None = option(None, doc=f"file of texts that {COMMAND} wrote; saves loading the text encoder")
    text_encoder: Path | None = option(None, doc="folder of T5, or of a pipeline that has it; path when absent")
    size: int | None = option(None, doc="height and width of an image; those of training when absent", ge=8)

    def read(self) -> tuple[Stage, Embeddings | TextFolder]:
        """Stage that the folder describes, and what reads texts for it."""
        folder = locate(self.path, self.hub)
        stage = read_stage(folder, self.variant)
        if stage.upscales != self.upscales:
            what = "an upscaler" if stage.upscales else "a first stage"
            raise RecipeError(f'{folder} is {what}: write kind = "{self.other}"')
        unit = 2 ** (len(stage.config.block_out_channels) - 1)
        if (size := self.size or stage.config.sample_size) % unit:
            raise RecipeError(f"size = {size}: write a multiple of {unit}, for this network halves images to 1/{unit}")
        if self.embeddings is None:
            from superpose_deepfloyd.text import TextFolder

            return stage, TextFolder(self.text_encoder or folder, self.variant)
        saved, wanted = Embeddings.of(self.embeddings), stage.config.text_width
        if saved.shape[1] != wanted:
            raise RecipeError(f"{saved.path}: its texts have {saved.shape[1]} features, and the network reads {wanted}")
        return stage, saved

    @property
    def stage(self) -> Stage:
        """Stage that the folder describes, without its weights."""
        return self.metadata[0]

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of an image."""
        size = self.size or self.stage.config.sample_size
        return self.stage.channels, size, size

    @property
    def schedule(self) -> Schedule:
        """Noise levels of training, as the scheduler's configuration has them."""
        return self.stage.schedule

    @property
    def clip(self) -> Clip:
        """Dynamic thresholding, as the scheduler's configuration has it."""
        return self.stage.clip

    @property
    def learned_variance(self) -> LearnedVariance:
        """A range, where the scheduler's configuration says so and the network writes it."""
        return "learned_range" if self.stage.learns_variance else "none"

    @property
    def interpolation(self) -> InterpolationPath | None:
        """Along the sphere."""
        return "slerp"

    def prompt_problems(self, prompt: str) -> Iterator[Problem]:
        """A prompt that the file of texts does not have, with the nearest that it has; words without a tokenizer."""
        return self.metadata[1].problems(prompt)

    def load(self, device: str = "cpu", dtype: str = "float32") -> NoisePredictor:
        """Read the weights."""
        from superpose import NetworkPredictor
        from superpose_deepfloyd.predictor import Texts, laid

        (stage, source), level = self.metadata, self.noise_level
        network = stage.network.load(device, dtype)
        texts = Texts(network, partial(source.open, device, dtype))
        return NetworkPredictor(
            self,
            network,
            texts,
            device,
            dtype,
            parameterization=stage.parameterization,
            forward=texts.forward,
            lay_conditioning=laid(level, stage.noising.at(level), device) if self.upscales else None,
        )

    @property
    def weight_files(self) -> Mapping[str, Path]:
        """The network, and the texts or the text encoder."""
        stage, texts = self.metadata
        return {f"{file.parent.name}/{file.name}": file for file in (*stage.network.file.shards, *texts.shards)}


@attrs.frozen(kw_only=True)
class DeepFloyd(Cascaded):
    """DeepFloyd IF's first stage: any text to a small image, in pixels.

    Its texts come from a file (``embeddings``) or from T5 (``text_encoder``). The paper of Visual Anagrams samples it
    in 30 steps of ddpm with guidance 10.
    """

    kind = "deepfloyd"
    other = "deepfloyd-upscaler"
    papers = ("arXiv 2205.11487",)


@attrs.frozen(kw_only=True)
class Upscaler(Cascaded):
    """DeepFloyd IF's further stages: any text and a small image to a large one, in pixels.

    The small image is enlarged bilinearly and noised to ``noise_level``, and the network told so: the more noise, the
    more freely it paints.
    """

    kind = "deepfloyd-upscaler"
    other = "deepfloyd"
    upscales = True
    enlarges_canvases = True
    papers = ("arXiv 2205.11487", "arXiv 2106.15282")
    noise_level: int = option(50, doc="training time to which the small image is noised", ge=0, le=999)
