"""The noisy classifier of OpenAI's guided-diffusion as a recipe names it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import attrs

from superpose import FileClassifier, RecipeError, TableSchedule, class_of, option
from superpose_adm.layout import LANDMARK, Heads, Layout, Shapes, counted, layout_of
from superpose_adm.presets import CLASSIFIERS, Preset, question

if TYPE_CHECKING:
    from superpose import ClassifierPredictor, Schedule
    from superpose_networks import WeightFile


@attrs.frozen(kw_only=True)
class GuidedDiffusionClassifier(FileClassifier["WeightFile"]):
    """A classifier of noisy images from OpenAI's guided-diffusion (``64x64_classifier.pt`` and its like).

    With ``[guidance] kind = "classifier"`` it steers a model that was trained on the same noise schedule. The paper's
    scales are 1 at 64 pixels, 0.5 at 128, 1 at 256 (10 for the unconditional model) and 4 at 512. Its classes, channels
    and pool are read from the file; give a ``preset`` for a public one, or what the error asks for.
    """

    kind = "guided-diffusion-classifier"
    papers = ("arXiv 2105.05233",)
    path: Path = option(doc="the .pt file")
    preset: str | None = option(None, doc="which public file it is", choices=tuple(CLASSIFIERS))
    betas: Literal["linear", "cosine"] | None = option(None, doc="noise schedule, unless a preset tells")
    blocks: int | None = option(None, doc="residual blocks of a level (classifier_depth), unless a preset tells", ge=1)
    head_width: int | None = option(None, doc="features of a head of its attentions, unless a preset tells", ge=1)
    size: int | None = option(None, doc="height and width of the images, where its pool does not tell", ge=1)
    labels: Path | None = option(None, doc="a file with the names of a class in each line, for prompts")

    def read(self) -> WeightFile:
        """The file."""
        from superpose_networks import WeightFile

        return WeightFile(self.path, LANDMARK)

    @property
    def weight_files(self) -> Mapping[str, Path]:
        """The file."""
        return {self.path.name: self.path}

    @property
    def layout(self) -> Layout:
        """Layout of the network that the file tells.

        Raises:
            RecipeError: If it is damaged, of another family, or does not have ``blocks`` blocks a level.
        """
        blocks = self.blocks or (self._known.blocks if self._known else None)
        if blocks is None:
            raise question(self.path, "how many residual blocks a level has", "blocks")
        layout = _layout(self._shapes, blocks, self.path)
        if self._known is not None and (wrong := self._known.misfit(layout.widths, layout.out_channels)):
            raise RecipeError(f"{self.path.name} is not {self._known.file}: {wrong}")
        return layout

    @property
    def pool(self) -> str:
        """Which of guided-diffusion's pools it has."""
        names = set(self._shapes)
        if "out.2.positional_embedding" in names:
            return "attention"
        if "out.1.weight" in names:
            return "spatial_v2"
        return "spatial" if "out.2.weight" in names else "adaptive"

    @property
    def heads(self) -> Heads:
        """Layout of its attentions' heads: always in the legacy order, but for the pool."""
        head_width = self.head_width or (self._known.heads.width if self._known else None)
        if head_width is None:
            widths = ", ".join(map(str, sorted(self.layout.attended())))
            raise question(self.path, f"how attentions over {widths} channels are cut", "head_width")
        heads = Heads(width=head_width)
        if misfit := heads.misfit(self.layout.attended()):
            raise RecipeError(f"{self.path.name}: {misfit}")
        return heads

    @property
    def shape(self) -> tuple[int, int, int]:
        """(3, size, size)."""
        halvings = len(self.layout.widths) - 1
        if self.size is not None:
            return self.layout.in_channels, self.size, self.size
        if self.pool != "attention":
            raise RecipeError(f"{self.path.name} does not tell the size of its images: give size")
        size = self.side << halvings
        if self._known is not None and self._known.size != size:
            raise RecipeError(f"{self.path.name} judges images of {size}, and {self.preset} of {self._known.size}")
        return self.layout.in_channels, size, size

    @property
    def side(self) -> int:
        """Height and width of its features at the bottom."""
        if self.pool == "attention":
            return math.isqrt(self._shape_of("out.2.positional_embedding", 2)[1] - 1)
        return self.shape[1] >> (len(self.layout.widths) - 1)

    @property
    def hidden(self) -> int:
        """Width of the spatial pools' hidden layer; 0 for the others, which have none."""
        return 0 if self.pool in ("adaptive", "attention") else self._shape_of("out.0.weight", 2)[0]

    @property
    def schedule(self) -> Schedule:
        """1000 steps of the table."""
        name = self.betas or (self._known.betas if self._known else None)
        if name is None:
            raise question(self.path, "its noise schedule", "betas = 'linear' or 'cosine'")
        return TableSchedule.named(name)

    @property
    def classes(self) -> int:
        """Number of its classes."""
        return self.layout.out_channels

    def label(self, prompt: str) -> int:
        """The class that a prompt names: its number, or its name in ``labels``."""
        label = class_of(prompt, self.classes, self.labels)
        return 0 if label is None else label

    def load(self, device: str = "cpu", dtype: str = "float32") -> ClassifierPredictor:
        """Read the weights."""
        from superpose import NetworkClassifier
        from superpose_adm.encoder import Encoder, encoder

        def build() -> Encoder:
            return Encoder(self.layout, self.heads, self.pool, self.side, self.hidden)

        network = encoder(self.metadata, build, self.layout, self.heads).load(device, dtype)
        return NetworkClassifier(self.shape, network, device, dtype)

    @property
    def _known(self) -> Preset | None:
        return CLASSIFIERS[self.preset] if self.preset else None

    @property
    def _shapes(self) -> Shapes:
        return self.metadata.shapes

    def _shape_of(self, name: str, rank: int) -> tuple[int, ...]:
        from superpose_networks import shape_of

        return shape_of(self.path, self._shapes, name, rank)


def _layout(shapes: Shapes, blocks: int, path: Path) -> Layout:
    if any(name.startswith("output_blocks.") for name in shapes):
        raise RecipeError(f"{path} has a way up: it is a model (kind = 'guided-diffusion'), not a classifier")
    if "time_embed.0.weight" not in shapes or "input_blocks.0.0.weight" not in shapes:
        raise RecipeError(f"{path} is no classifier of guided-diffusion: it holds {', '.join(list(shapes)[:3])}, ...")
    from superpose_networks import shape_of

    count = counted(shapes, "input_blocks.")
    firsts = range(1, count, blocks + 1)
    last = next((name for name in ("out.2.c_proj.weight", "out.3.weight") if name in shapes), "out.2.weight")
    if count % (blocks + 1) or any(f"input_blocks.{first}.0.in_layers.2.weight" not in shapes for first in firsts):
        raise RecipeError(f"{path.name} has {count} input blocks: no levels of {blocks} and a halving; give blocks")
    return layout_of(
        path,
        shapes,
        blocks,
        firsts,
        out_channels=shape_of(path, shapes, last, 2, 3, 4)[0],  # a linear map, or a convolution of rows or pixels
        classes=None,
        residual=f"input_blocks.{blocks + 1}.0.op.weight" not in shapes,
    )
