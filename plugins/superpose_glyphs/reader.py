r"""A network that reads noisy images: :math:`p_t(y | x_t)`, whose gradient steers sampling (Dhariwal & Nichol 2021,
arXiv:2105.05233). Half a U-Net that sees squares of pixels as 16x16 places, and one matrix from all places of its
bottom to the classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from superpose_glyphs.names import names_in
from superpose_glyphs.vision import VisionReader
from superpose_networks import (
    Downsample,
    ResidualBlock,
    TimeEmbedding,
    TimeProjections,
    assign,
    read_weights,
    ready,
    rows,
    silu_,
    sinusoid,
    unfilled,
)

_GROUPS = 8

#: Places along a side that the first level sees.
_PLACES = 16


class Reader(nn.Module):
    """Noisy images (N, 3, H, W) and their noise levels to scores (N, classes).

    Row i of the answer depends on row i of the arguments alone.

    Arguments:
        classes: Their number.
        widths: Channels of each level, the first at half the sides of the images.
        side: Of the images; a multiple of 16.
    """

    def __init__(self, classes: int, widths: tuple[int, ...] = (48, 96, 128), side: int = 32) -> None:
        super().__init__()
        self._width = widths[0]
        self.time_embedding = TimeEmbedding(widths[0], 4 * widths[0])
        self._square = side // _PLACES
        self.conv_in = nn.Conv2d(3 * self._square**2, widths[0], 3, padding=1)
        reads = (widths[0], *widths)
        self.resnets = nn.ModuleList(
            ResidualBlock(read, width, groups=_GROUPS) for read, width in zip(reads, widths, strict=False)
        )
        self.halvings = nn.ModuleList(Downsample(width, 1) for width in widths[:-1])
        blocks = {name: block for name, block in self.named_modules() if isinstance(block, ResidualBlock)}
        self.time_projections = TimeProjections(
            self, 4 * widths[0], {name: block.time_width for name, block in blocks.items()}
        )
        self.norm_out = nn.GroupNorm(_GROUPS, widths[-1])
        self.linear_out = nn.Linear(widths[-1] * (_PLACES >> (len(widths) - 1)) ** 2, classes)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """Unnormalised log-probabilities of the classes; t is whole or fractional, shape (N,) or ()."""
        time = sinusoid(t.reshape(-1), self._width).to(self.conv_in.weight.dtype)
        shares = self.time_projections.parts(silu_(self.time_embedding(time)))
        h = self.conv_in(nn.functional.pixel_unshuffle(x, self._square))
        for i, (resnet, share) in enumerate(zip(self.resnets, shares, strict=True)):
            h = resnet(h, share)
            if i < len(self.halvings):
                h = self.halvings[i](h)
        h = silu_(rows.group_norm(self.norm_out, h))
        scores: Tensor = rows.linear(self.linear_out, h.flatten(1))
        return scores


def load_reader(
    folder: Path, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32, side: int = 32
) -> Reader | VisionReader:
    """The reader that ``superpose_glyphs.train`` wrote to a folder, of either kind, ready to be asked.

    Arguments:
        folder: Where it is.
        device: Where it will run.
        dtype: What it will compute in.
        side: Of the images it reads.

    Raises:
        RecipeError: A file is missing or damaged.
    """
    classes = names_in(folder / "classes.json")
    weights = folder / "model.safetensors"
    found = read_weights(weights, torch.device(device), dtype)
    with unfilled():
        seeing = "positions" in found
        reader = VisionReader(len(classes), side) if seeing else Reader(len(classes), _widths_in(found), side)
    assign(reader, found, str(weights))
    return ready(reader)


def _widths_in(weights: Mapping[str, Tensor]) -> tuple[int, ...]:
    """Channels of each level of a `Reader`, by its weights; those of one that says nothing of the kind are none."""
    levels = (weights.get(f"resnets.{i}.conv2.weight") for i in range(len(weights)))
    return tuple(len(level) for level in levels if level is not None)
