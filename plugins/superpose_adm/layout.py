"""Layouts of OpenAI's U-Nets, read from the names and shapes in a file where they tell.

They tell the channels, the levels, where attention is, how it resamples and how many classes there are. They don't tell
the heads of its attentions, the order of their rows, the noise schedule and the size of its images.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Literal

import attrs

from superpose import RecipeError

Shapes = Mapping[str, tuple[int, ...]]
Order = Literal["legacy", "new"]

#: A name that every one of these files has, classifiers' too.
LANDMARK = "time_embed.0.weight"

#: Names that files of other families have, and the kind that reads them.
_OTHERS = {
    "model.diffusion_model.": "a latent diffusion checkpoint of CompVis: use kind = 'ldm' or 'stable-diffusion'",
    "ema_model.": "a diffusion autoencoder: use kind = 'diffae'",
    "temb.dense.": "a checkpoint of DDPM's PyTorch port: use kind = 'ddpm'",
    "down_blocks.": "weights of diffusers: use kind = 'ddpm' with their folder",
    "model.map_layer": "a network of EDM",
}


@attrs.frozen(kw_only=True)
class Layout:
    """One of OpenAI's U-Nets.

    Attributes:
        channels: Channels of the time features' sinusoids; levels are multiples of it.
        widths: Channels of each level.
        blocks: Residual blocks of a level on the way down.
        attention: Levels with attention.
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        classes: Number of classes; None where it knows none.
        scale_shift: Whether time features scale and shift, or are added.
        residual: Whether it resamples by residual blocks, or by convolutions.
    """

    channels: int
    widths: tuple[int, ...]
    blocks: int
    attention: frozenset[int]
    in_channels: int
    out_channels: int
    classes: int | None
    scale_shift: bool
    residual: bool

    def attended(self) -> frozenset[int]:
        """Channels of every attention, that of the middle included."""
        return frozenset({self.widths[level] for level in self.attention} | {self.widths[-1]})


@attrs.frozen(kw_only=True)
class Heads:
    """Layout of attentions' heads.

    Attributes:
        width: Features of a head; None where their number is given.
        count: Heads of each attention.
        count_up: Heads on the way up, where that is another number.
        order: Order of the rows for q, k and v.
    """

    width: int | None = None
    count: int = 1
    count_up: int | None = None
    order: Order = "legacy"

    def of(self, channels: int, up: bool) -> int:
        """Heads of an attention over so many channels."""
        if self.width is not None:
            return channels // self.width
        return self.count_up if up and self.count_up is not None else self.count

    def misfit(self, widths: Collection[int]) -> str | None:
        """Why attentions over so many channels can't be cut so; None where they can."""
        named = (
            {"head_width": self.width} if self.width is not None else {"heads": self.count, "heads_up": self.count_up}
        )
        for name, number in named.items():
            for width in sorted(widths):
                if number is not None and width % number:
                    return f"{name} = {number} does not divide {width} channels"
        return None


def recognised(shapes: Shapes, path: Path) -> Layout:
    """The layout that the names and shapes in a file tell.

    Raises:
        RecipeError: If it is a file of another family; says what was found.
    """
    outputs = counted(shapes, "output_blocks.")
    if LANDMARK not in shapes or "input_blocks.0.0.weight" not in shapes or not outputs:
        raise RecipeError(f"{path} is no U-Net of guided-diffusion: {_found(shapes)}")
    from superpose_networks import shape_of

    doubling = re.compile(r"output_blocks\.(\d+)\.[12]\.(conv|in_layers\.2)\.weight$")
    ups = [match for name in shapes if (match := doubling.match(name))]
    levels = len(ups) + 1
    blocks = outputs // levels - 1
    return layout_of(
        path,
        shapes,
        blocks,
        range(1, 1 + levels * (blocks + 1), blocks + 1),
        out_channels=shape_of(path, shapes, "out.2.weight", 4)[0],
        classes=shape_of(path, shapes, "label_emb.weight", 2)[0] if "label_emb.weight" in shapes else None,
        residual=any(match[2] != "conv" for match in ups),
    )


def layout_of(
    path: Path,
    shapes: Shapes,
    blocks: int,
    firsts: Sequence[int],
    *,
    out_channels: int,
    classes: int | None,
    residual: bool,
) -> Layout:
    """The layout whose way down is in a file; ``firsts`` are the first blocks of its levels."""
    from superpose_networks import shape_of

    widths = tuple(shape_of(path, shapes, f"input_blocks.{n}.0.in_layers.2.weight", 4)[0] for n in firsts)
    return Layout(
        channels=shape_of(path, shapes, LANDMARK, 2)[1],
        widths=widths,
        blocks=blocks,
        attention=frozenset(i for i, n in enumerate(firsts) if f"input_blocks.{n}.1.qkv.weight" in shapes),
        in_channels=shape_of(path, shapes, "input_blocks.0.0.weight", 4)[1],
        out_channels=out_channels,
        classes=classes,
        scale_shift=shape_of(path, shapes, "input_blocks.1.0.emb_layers.1.weight", 2)[0] == 2 * widths[0],
        residual=residual,
    )


def counted(shapes: Shapes, start: str) -> int:
    """Numbers of modules after such a start; counted, as the highest that a damaged name has may be any."""
    return len({name.removeprefix(start).partition(".")[0] for name in shapes if name.startswith(start)})


def _found(shapes: Shapes) -> str:
    for prefix, what in _OTHERS.items():
        if any(name.startswith(prefix) for name in shapes):
            return f"it looks like {what}"
    if any(name.startswith("input_blocks.") for name in shapes):
        return "it has a way down and no way up or no time, as a classifier has (kind = 'guided-diffusion-classifier')"
    names = ", ".join(list(shapes)[:3])
    return f"it holds {len(shapes)} tensors, such as {names or 'none'}"
