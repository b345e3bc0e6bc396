"""The stages of a cascade as a recipe names them."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import attrs

from superpose import Clip, Model, RecipeError, locate, option
from superpose_deepfloyd.embeddings import COMMAND, Embeddings, cleaned
from superpose_deepfloyd.stage import Stage, read_stage, text_folders

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import LearnedVariance, NoisePredictor, Schedule


@attrs.frozen(kw_only=True)
class Cascaded(Model, ABC):
    """Base of both kinds of stage."""

    other: ClassVar[str]

    path: Path | None = option(None, doc="folder of the pipeline, or of its unet, in the layout of diffusers")
    hub: str | None = option(None, doc="instead of path: a model on the Hugging Face hub")
    variant: str | None = option(
        None, doc="which files of weights of a folder to read, such as fp16 or ema; unset: the full ones"
    )
    embeddings: Path | None = option(None, doc=f"file of texts that {COMMAND} wrote; saves loading the text encoder")
    text_encoder: Path | None = option(None, doc="folder of T5, or of a pipeline that has it; path when absent")
    size: int | None = option(None, doc="height and width of an image; those of training when absent", ge=8)

    @cached_property
    def stage(self) -> Stage:
        """Stage that the folder describes, without its weights.

        Raises:
            RecipeError: If it is missing or of another family, or does not fit the options.
        """
        stage = read_stage(self._folder, self.variant)
        if stage.upscales != self.upscales:
            what = "an upscaler" if stage.upscales else "a first stage"
            raise RecipeError(f'{self._folder} is {what}: write kind = "{self.other}"')
        unit = 2 ** (len(stage.config.block_out_channels) - 1)
        if (size := self.size or stage.config.sample_size) % unit:
            raise RecipeError(f"size = {size}: write a multiple of {unit}, for this network halves images to 1/{unit}")
        return stage

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

    def check_prompt(self, prompt: str) -> None:
        """Raise `PromptError`, naming the nearest prompts, if the file of texts has no ``prompt``."""
        if self._saved is not None:
            self._saved.check(prompt)
        else:
            from superpose_deepfloyd.text import TOKENS, tokenizer_of
            from superpose_networks import tell_of_lost_words

            tell_of_lost_words(tokenizer_of(self._encoder), cleaned(prompt), TOKENS)

    def check_files(self) -> None:
        """Refuse files whose tensors are not those of the network."""
        self.load("meta")

    def load(self, device: str = "cpu", dtype: str = "float32") -> NoisePredictor:
        """Read the weights."""
        from superpose_deepfloyd.predictor import IFPredictor

        noise_level = self.noise_level if isinstance(self, Upscaler) else 0
        return IFPredictor(self.stage, self.shape, partial(self._texts, device, dtype), device, dtype, noise_level)

    def weights(self) -> dict[str, str]:
        """SHA-256 of each file: the network, and the texts or the text encoder."""
        from superpose import digest
        from superpose_networks import shards, weight_files

        if self._saved is not None:
            texts = self._saved.path
        else:
            texts = weight_files(text_folders(self._encoder)[0], self.variant, optional=True)[1]
        files = [*shards(weight_files(self.stage.folder, self.variant)[1]), *shards(texts)]
        return {f"{file.parent.name}/{file.name}": digest(file) for file in files}

    @property
    def _folder(self) -> Path:
        return locate(self.path, self.hub)

    @property
    def _encoder(self) -> Path:
        return self.text_encoder or self._folder

    @cached_property
    def _saved(self) -> Embeddings | None:
        if self.embeddings is None:
            return None
        saved, wanted = Embeddings.open(self.embeddings), self.stage.config.text_width
        if saved.shape[1] != wanted:
            raise RecipeError(f"{saved.path}: its texts have {saved.shape[1]} features, and the network reads {wanted}")
        return saved

    def _texts(self, device: str, dtype: str) -> Callable[[str], Tensor]:
        """Function that encodes a prompt."""
        if self._saved is not None:
            return self._saved.states
        from superpose_deepfloyd.text import T5

        return T5.load(self._encoder, device, dtype, self.variant).states


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
    papers = ("arXiv 2205.11487", "arXiv 2106.15282")
    noise_level: int = option(50, doc="training time to which the small image is noised", ge=0, le=999)
