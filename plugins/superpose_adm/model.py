"""Models of OpenAI's guided-diffusion as a recipe names them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import attrs

from superpose import Clip, FileModel, Problem, RecipeError, StaticClip, TableSchedule, class_of, option
from superpose_adm.layout import LANDMARK, Heads, Layout, recognised
from superpose_adm.presets import PRESETS, UPSCALERS, Preset, question

if TYPE_CHECKING:
    from superpose import LearnedVariance, NoisePredictor, Schedule
    from superpose_networks import WeightFile


@attrs.frozen(kw_only=True)
class GuidedFile(FileModel["tuple[WeightFile, Layout]"]):
    """A file of guided-diffusion, and what a recipe says of it where the file itself does not tell."""

    papers = ("arXiv 2105.05233", "arXiv 2102.09672")

    path: Path = option(doc="the .pt file")
    size: int | None = option(None, doc="height and width of the images, unless a preset tells", ge=1)
    betas: Literal["linear", "cosine"] | None = option(None, doc="noise schedule, unless a preset tells")
    heads: int | None = option(None, doc="heads of each attention (num_heads)", ge=1)
    heads_up: int | None = option(None, doc="heads on the way up, where they differ (num_heads_upsample)", ge=1)
    head_width: int | None = option(None, doc="features of a head (num_head_channels), instead of heads", ge=1)
    order: Literal["legacy", "new"] | None = option(None, doc="order of q, k and v; new for use_new_attention_order")
    predicts: Literal["epsilon", "sample"] = option("epsilon", doc="what it predicts; sample for predict_xstart")
    labels: Path | None = option(None, doc="a file with the names of a class in each line, for prompts")

    @property
    @abstractmethod
    def known(self) -> Preset | None:
        """The preset that the recipe names."""

    def read(self) -> tuple[WeightFile, Layout]:
        """The file, and the layout of the network that it tells."""
        from superpose_networks import WeightFile

        file = WeightFile(self.path, LANDMARK)
        layout = recognised(file.shapes, self.path)
        if self.known is not None and (wrong := self.known.misfit(layout.widths, layout.classes)):
            raise RecipeError(f"{self.path.name} is not {self.known.file}: {wrong}")
        if (layout.in_channels == 2 * 3) != self.upscales:
            other = "guided-diffusion" if self.upscales else "guided-diffusion-upscaler"
            raise RecipeError(f"{self.path} reads {layout.in_channels} channels: use kind = {other!r}")
        return file, layout

    @property
    def layout(self) -> Layout:
        """Layout of the network."""
        return self.metadata[1]

    @property
    def weight_files(self) -> Mapping[str, Path]:
        """The file."""
        return {self.path.name: self.path}

    @property
    def head_layout(self) -> Heads:
        """Layout of attentions' heads.

        Raises:
            RecipeError: If neither a preset nor the options tell.
        """
        given = (self.heads, self.heads_up, self.head_width, self.order)
        if self.known is not None and given == (None,) * len(given):
            return self._fitting(self.known.heads)
        if self.heads is None and self.head_width is None:
            widths = ", ".join(map(str, sorted(self.layout.attended())))
            raise question(self.path, f"how attentions over {widths} channels are cut", "heads or head_width")
        if self.order is None and (self.heads, self.heads_up or 1) != (1, 1):
            raise question(self.path, "the order of q, k and v", "order = 'legacy' (as most files have it) or 'new'")
        if self.heads is not None and self.head_width is not None:
            raise RecipeError(f"heads = {self.heads} and head_width = {self.head_width}: give one of the two")
        order = self.order or "legacy"
        return self._fitting(Heads(width=self.head_width, count=self.heads or 1, count_up=self.heads_up, order=order))

    def _fitting(self, heads: Heads) -> Heads:
        """The same heads, where every attention can be cut into them."""
        if misfit := heads.misfit(self.layout.attended()):
            raise RecipeError(f"{self.path.name}: {misfit}")
        return heads

    @property
    def shape(self) -> tuple[int, int, int]:
        """(3, size, size)."""
        size = self.size or (self.known.size if self.known else None)
        if size is None:
            raise question(self.path, "the size of its images", "size")
        halvings = len(self.layout.widths) - 1
        if size % 2**halvings:
            raise RecipeError(f"size = {size} cannot be halved {halvings} times, as this network does")
        return 3, size, size

    @property
    def schedule(self) -> Schedule:
        """1000 steps of the table."""
        name = self.betas or (self.known.betas if self.known else None)
        if name is None:
            raise question(self.path, "its noise schedule", "betas = 'linear' or 'cosine'")
        return TableSchedule.named(name)

    @property
    def clip(self) -> Clip:
        """Pixels are in [-1, 1]."""
        return StaticClip()

    @property
    def learned_variance(self) -> LearnedVariance:
        """A range, where it writes twice the channels."""
        return "learned_range" if self.layout.out_channels == 2 * self.shape[0] else "none"

    def prompt_problems(self, prompt: str) -> Iterator[Problem]:
        """A prompt that is none of the network's classes."""
        return Problem.caught("", lambda: self.label(prompt))

    def label(self, prompt: str) -> int | None:
        """The class that a prompt names; None where the network knows none."""
        return class_of(prompt, self.layout.classes, self.labels)

    def load(self, device: str = "cpu", dtype: str = "float32") -> NoisePredictor:
        """Read the weights."""
        from superpose import NetworkPredictor
        from superpose_adm.network import adm, enlarged
        from superpose_networks import class_labels

        return NetworkPredictor(
            self,
            adm(*self.metadata, self.head_layout).load(device, dtype),
            class_labels(self.label),
            device,
            dtype,
            parameterization=self.predicts,
            lay_conditioning=enlarged if self.upscales else None,
        )


@attrs.frozen(kw_only=True)
class GuidedDiffusion(GuidedFile):
    """A pixel model of OpenAI's guided-diffusion, conditional on classes or not.

    Channels, levels, attention and classes are read from the file. The heads of its attentions, the noise schedule and
    the size are not in it: give a ``preset`` for a public file, or what the error asks for. Prompts are classes
    ("207"), names of a ``labels`` file, or "" where the network knows no classes.
    """

    kind = "guided-diffusion"
    preset: str | None = option(None, doc="which public file it is", choices=tuple(PRESETS))

    @property
    def known(self) -> Preset | None:
        """The preset that the recipe names."""
        return PRESETS[self.preset] if self.preset else None


@attrs.frozen(kw_only=True)
class GuidedDiffusionUpscaler(GuidedFile):
    """A super-resolution model of OpenAI's guided-diffusion: it paints a larger picture over that of the stage before.

    The smaller picture is enlarged bilinearly and laid beside the state. The rest is as for ``guided-diffusion``.
    """

    kind = "guided-diffusion-upscaler"
    upscales = True
    enlarges_canvases = True
    preset: str | None = option(None, doc="which public file it is", choices=tuple(UPSCALERS))

    @property
    def known(self) -> Preset | None:
        """The preset that the recipe names."""
        return UPSCALERS[self.preset] if self.preset else None
