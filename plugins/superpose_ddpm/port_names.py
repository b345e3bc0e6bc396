"""DDPM's PyTorch port (the checkpoints of DDIM, SDEdit and DDRM): its names as those of a U-Net folder.

It has one head of attention a level, sines before cosines, and strided convolutions padded below and to the right only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from superpose import RecipeError

if TYPE_CHECKING:
    from torch import Tensor

    from superpose_networks import LazyNetwork, UNet2D, UNet2DConfig

#: A name that every one of these files has.
LANDMARK = "temb.dense.0.weight"
_WORDS = {
    "temb.dense.0": "time_embedding.linear_1",
    "temb.dense.1": "time_embedding.linear_2",
    "mid.block_1": "mid_block.resnets.0",
    "mid.attn_1": "mid_block.attentions.0",
    "mid.block_2": "mid_block.resnets.1",
    "norm_out": "conv_norm_out",
    "temb_proj": "time_emb_proj",
    "nin_shortcut": "conv_shortcut",
}
_ATTENTION = {"norm": "group_norm", "q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0"}
_LEVEL = re.compile(r"^(down|up)\.(\d+)\.(?:(block|attn)\.(\d+)|(downsample|upsample))\.")
_PLACES = {"block": "resnets", "attn": "attentions", "downsample": "downsamplers", "upsample": "upsamplers"}


def read_port(path: Path, size: int | None) -> tuple[UNet2DConfig, LazyNetwork[UNet2D]]:
    """The network in a checkpoint, no weight read.

    Arguments:
        path: The file.
        size: Height and width of its images, which it does not tell; None where it is not known.

    Raises:
        RecipeError: If it is damaged or of another family.
    """
    from superpose_networks import LazyNetwork, UNet2D, UNet2DConfig, WeightFile

    file = WeightFile(path, LANDMARK)
    try:
        config = UNet2DConfig.from_mapping(port_config(file.shapes, path, size))
    except ValueError as error:
        raise RecipeError(f"{path}: {error}") from error
    return config, LazyNetwork(lambda: UNet2D(config), file, port_names)


def port_names(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors by the names of a ``UNet2DModel`` folder."""
    levels = _levels(weights)
    return {_renamed(name, levels): value for name, value in weights.items()}


def port_config(shapes: Mapping[str, tuple[int, ...]], path: Path, size: int | None) -> dict[str, Any]:
    """The configuration of a ``UNet2DModel`` that the names and shapes tell.

    Arguments:
        shapes: Of the tensors in the file.
        path: The file, for the message.
        size: Height and width of its images, which they don't tell; None where it is not known.

    Raises:
        RecipeError: If it is a file of another family.
    """
    if LANDMARK not in shapes:
        names = ", ".join(list(shapes)[:3]) or "none"
        raise RecipeError(
            f"{path} is no checkpoint of DDPM's port: it has no {LANDMARK}, but {len(shapes)} tensors such as {names}"
        )
    from superpose_networks import shape_of

    levels = range(_levels(shapes))
    attends = [f"down.{level}.attn.0.q.weight" in shapes for level in levels]
    return {
        "sample_size": size,
        "in_channels": shape_of(path, shapes, "conv_in.weight", 4)[1],
        "out_channels": shape_of(path, shapes, "conv_out.weight", 4)[0],
        "block_out_channels": [shape_of(path, shapes, f"down.{level}.block.0.conv1.weight", 4)[0] for level in levels],
        "down_block_types": ["AttnDownBlock2D" if one else "DownBlock2D" for one in attends],
        "up_block_types": ["AttnUpBlock2D" if one else "UpBlock2D" for one in reversed(attends)],
        "layers_per_block": sum(f"down.0.block.{i}.conv1.weight" in shapes for i in range(len(shapes))),
        "attention_head_dim": None,
        "flip_sin_to_cos": False,
        "freq_shift": 1,
        "downsample_padding": 0,
        "norm_eps": 1e-6,
        "resamp_with_conv": len(levels) == 1 or "down.0.downsample.conv.weight" in shapes,
    }


def _levels(names: Mapping[str, object]) -> int:
    # Counted, not the highest: a number that a damaged name has may be any.
    return len({match[2] for name in names if (match := _LEVEL.match(name)) and match[1] == "down"})


def _renamed(name: str, levels: int) -> str:
    if match := _LEVEL.match(name):
        way, level, part, number, resample = match.groups()
        place = levels - 1 - int(level) if way == "up" else int(level)
        start = f"{way}_blocks.{place}.{_PLACES[part or resample]}.{number or 0}."
        attends, rest = part == "attn", name[match.end() :]
    else:
        start, attends, rest = "", name.startswith("mid.attn"), name
    for old, new in _WORDS.items():
        rest = re.sub(rf"(^|(?<=\.)){re.escape(old)}(?=\.)", new, rest)
    if attends:
        rest = re.sub(r"(norm|q|k|v|proj_out)(?=\.\w+$)", lambda found: _ATTENTION[found[1]], rest)
    return start + rest
