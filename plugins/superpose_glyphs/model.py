"""The embedded models as recipes name them."""

from __future__ import annotations

import math
from abc import ABC
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias, TypeVar

import attrs

from superpose import Clip, FileModel, Problem, PromptError, RecipeError, StaticClip, TableSchedule, option
from superpose_glyphs.names import names_in
from superpose_glyphs.vocabulary import PROMPTS, class_of

if TYPE_CHECKING:
    from superpose import LearnedVariance, NoisePredictor, Schedule
    from superpose_networks import LazyNetwork, UNet2D, UNet2DConfig

EMBEDDED = Path(__file__).parent / "weights"
WEIGHTS = "diffusion_pytorch_model.safetensors"


#: What the files of a kind say.
M = TypeVar("M")
#: A U-Net and its configuration.
Described: TypeAlias = "tuple[UNet2DConfig, LazyNetwork[UNet2D]]"


@attrs.frozen(kw_only=True)
class Trained(FileModel[M], ABC):
    """Base of the models that ``python -m superpose_glyphs.train`` writes."""

    embedded: ClassVar[str]
    file: ClassVar[str] = WEIGHTS
    path: Path | None = option(None, doc="a folder of weights that superpose_glyphs.train wrote; absent: our own")

    @property
    def folder(self) -> Path:
        """Folder of the weights.

        Raises:
            RecipeError: They are not there.
        """
        return trained(self.path, self.embedded, self.file)

    @property
    def schedule(self) -> Schedule:
        """The cosine schedule, 1000 steps."""
        return TableSchedule.named("cosine")

    @property
    def clip(self) -> Clip | None:
        """Pixels are in [-1, 1]."""
        return StaticClip()

    @property
    def weight_files(self) -> Mapping[str, Path]:
        """The weights."""
        return {self.kind: self.folder / WEIGHTS}


@attrs.frozen(kw_only=True)
class Tabled(Trained[Described], ABC):
    """Base of the models that paint by a table of prompts."""

    papers = ("arXiv 2006.11239", "arXiv 2102.09672", "arXiv 2202.00512")
    side: ClassVar[int] = 32
    parameterization: ClassVar[Literal["sample", "v"]] = "v"

    @cached_property
    def prompts(self) -> tuple[str, ...]:
        """Every prompt, in the order of the network's class table."""
        return prompts_of(self.folder)

    def read(self) -> Described:
        """The network."""
        from superpose_networks import read_unet2d

        return read_unet2d(self.folder)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(3, H, W), unless a folder says otherwise that of our own."""
        if self.path is None:
            return 3, self.side, self.side  # known without torch, by whoever only looks at images
        return seen_shape(self.metadata[0])

    def prompt_problems(self, prompt: str) -> Iterator[Problem]:
        """A prompt that is not in the vocabulary, with the nearest ones that are."""
        return Problem.caught("", lambda: self.label(prompt))

    def label(self, prompt: str) -> int:
        """The row of a prompt in the class table; `PromptError`, naming the nearest known prompts, if there is none."""
        try:
            return class_of(prompt, self.prompts)
        except ValueError as error:
            raise PromptError(str(error)) from error

    def load(self, device: str = "cpu", dtype: str = "float32") -> NoisePredictor:
        """Read the weights."""
        from superpose import NetworkPredictor
        from superpose_glyphs.unshuffled import see
        from superpose_networks import class_labels

        network = self.metadata[1].load(device, dtype)
        encode = class_labels(self.label)
        return NetworkPredictor(
            self,
            partial(see, network),
            encode,
            device,
            dtype,
            parameterization=self.parameterization,
            modules=(network,),
            averaged=(network,),
        )


@attrs.frozen(kw_only=True)
class Glyphs(Tabled):
    """Letters and digits in pixels, 32x32 RGB: a DDPM that comes with the package.

    Prompts: "A" is a black A on white, "colour A" one in any ink on any paper, "" anything. It knows A-Z, a-z and 0-9.
    It predicts v on the cosine schedule. With ``path``, images of your own, whose labels are the prompts.
    """

    kind = "glyphs"
    embedded = "glyphs"


@attrs.frozen(kw_only=True)
class GlyphsMoved(Tabled):
    """Letters and digits anywhere in 32x32 pixels, larger, smaller, aslant: ``glyphs`` for ambigrams.

    Prompts and schedule are those of ``glyphs``. Alone it draws less legibly; two letters meet in it more often.
    """

    kind = "glyphs-moved"
    embedded = "glyphs-moved"


@attrs.frozen(kw_only=True)
class GlyphsCascade(Trained[Described]):
    """Small images of 32x32 pixels to 64x64: an upscaler after ``glyphs``, in a ``[[stage]]``.

    It paints over the small image, to which it may add noise; prompts say nothing to it. It predicts the large image,
    of which it finds what enlarging leaves to find, and a variance.
    """

    kind = "glyphs-cascade"
    papers = ("arXiv 2106.15282", "arXiv 2102.09672")
    embedded = "glyphs-cascade"
    upscales = True
    enlarges_canvases = True
    noise_level: int = option(20, doc="noise added to the small image, on the levels of the schedule", ge=0, le=400)

    def read(self) -> Described:
        """The network."""
        from superpose_networks import read_unet2d

        return read_unet2d(self.folder)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(3, 64, 64)."""
        return 3, 64, 64

    @property
    def learned_variance(self) -> LearnedVariance:
        """A range."""
        return "learned_range"

    def prompt_problems(self, prompt: str) -> Iterable[Problem]:
        """None: any prompt will do."""
        del prompt
        return ()

    def load(self, device: str = "cpu", dtype: str = "float32") -> NoisePredictor:
        """Read the weights."""
        from superpose import NetworkPredictor
        from superpose_glyphs.upscaler import laid, painting

        network = self.metadata[1].load(device, dtype)
        scales = self.schedule.at(self.noise_level)
        return NetworkPredictor(
            self,
            network,
            lambda _: {},  # the small image shows what the large one will
            device,
            dtype,
            parameterization="sample",
            forward=painting(network, scales),
            lay_conditioning=laid(self.noise_level, scales, device),
        )


def seen_shape(config: UNet2DConfig) -> tuple[int, int, int]:
    """(3, H, W) of the images of a network that sees squares of pixels as channels."""
    square = math.isqrt(config.in_channels // 3)
    if not isinstance(config.sample_size, int) or config.in_channels != 3 * square**2:
        raise RecipeError("config.json: sample_size must be whole, and in_channels 3 times a square: 3, 12, 48")
    side = config.sample_size * square
    return 3, side, side


def trained(path: Path | None, embedded: str, file: str) -> Path:
    """The folder of weights at ``path``, or our own called ``embedded``; `RecipeError` if it has no ``file``."""
    folder = path or EMBEDDED / embedded
    if not (folder / file).exists():
        raise RecipeError(f"path: {folder} has no {file}; write the folder 'weights' of a training run")
    return folder


def prompts_of(folder: Path) -> tuple[str, ...]:
    """The prompts of a folder of weights, ``prompts.json``; those of glyphs where there is none."""
    listed = folder / "prompts.json"
    return names_in(listed) if listed.exists() else PROMPTS
