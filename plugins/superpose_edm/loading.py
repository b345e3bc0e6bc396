"""A converted file into a network: EDM's names as those of `superpose_networks.UNet`."""

from __future__ import annotations

import re
from pathlib import Path

import torch
from torch import Tensor

from superpose_edm.config import EDMConfig
from superpose_edm.network import EDMUNet, Song, heads
from superpose_networks import assign, read_weights, ready, split_qkv, splits

_OUTSIDE = {
    "map_layer0": "time_embedding.linear_1",
    "map_layer1": "time_embedding.linear_2",
    "map_label": "class_embedding",
    "map_noise": "",
    "out_norm": "conv_norm_out",
    "out_conv": "conv_out",
}
_RESIDUAL = {
    "norm0": "norm1",
    "conv0": "conv1",
    "affine": "time_emb_proj",
    "norm1": "norm2",
    "conv1": "conv2",
    "skip": "conv_shortcut",
}
_ATTENTION = {"norm2": "group_norm", "proj": "to_out.0"}
_BLOCK = re.compile(r"(enc|dec)\.(\d+)x\d+_([a-z_]+)(\d*)\.(.+)")


def load_edm(path: Path, config: EDMConfig, device: str, dtype: torch.dtype) -> EDMUNet:
    """The network in a converted file.

    Raises:
        RecipeError: It is damaged, or does not fit its configuration.
    """
    weights = edm_names(read_weights(path, device, dtype, prefix="model."), config)
    if "frequencies" in weights:  # of time: half precision would move the noise levels
        weights["frequencies"] = read_weights(path, device, prefix="model.map_noise.")["freqs"]
    with torch.device("meta"):  # no memory, no random numbers
        network = (Song if config.song else EDMUNet)(config)
    assign(network, weights, str(path))
    return ready(network)


def edm_names(weights: dict[str, Tensor], config: EDMConfig) -> dict[str, Tensor]:
    """The same tensors by our names; those that only training needs are left out, and ``weights`` is emptied."""
    renamed: dict[str, Tensor] = {}
    for name in list(weights):
        value = weights.pop(name)
        if name.endswith("resample_filter") or name.startswith("map_augment."):
            continue
        if (match := _BLOCK.fullmatch(name)) is None:
            outer, _, rest = name.partition(".")
            here = f"{_OUTSIDE.get(outer, outer)}.{rest}".lstrip(".")
            renamed["frequencies" if here == "freqs" else here] = value
            continue
        place, (inner, _, part) = _place(match, config), match[5].rpartition(".")
        attention = place.replace(".resnets.", ".attentions.")
        count = heads(config, len(value) // 3) if inner == "qkv" and splits(value) else 1
        if inner == "qkv" and splits(value, count):
            apart = split_qkv(value, "edm", count)
            renamed |= {f"{attention}.to_{one}.{part}": piece for one, piece in zip("qkv", apart, strict=True)}
        elif inner in _ATTENTION:
            renamed[f"{attention}.{_ATTENTION[inner]}.{part}"] = value
        else:
            renamed[".".join(filter(None, (place, _RESIDUAL.get(inner, inner), part)))] = value
    return renamed


def _place(match: re.Match[str], config: EDMConfig) -> str:
    """Place of a block of EDM's here. Its levels are called by their size."""
    way, size, what, number = match[1], int(match[2]), match[3], match[4]
    sizes = [config.img_resolution >> level for level in range(len(config.widths))]
    level = sizes.index(size) if size in sizes else len(sizes)
    bottom = len(sizes) - 1
    if way == "enc":
        return {
            "conv": "conv_in",
            "down": f"down_blocks.{level - 1}.downsamplers.0",
            "aux_skip": f"beside.{level - 1}",
            "aux_residual": f"beside.{level - 1}.conv",
        }.get(what, f"down_blocks.{level}.resnets.{number}")
    return {
        "in": f"mid_block.resnets.{number}",
        "up": f"up_blocks.{bottom - level - 1}.upsamplers.0",
        "aux_norm": f"pictures.{bottom - level}.norm" if level else "conv_norm_out",
        "aux_conv": f"pictures.{bottom - level}.conv" if level else "conv_out",
    }.get(what, f"up_blocks.{bottom - level}.resnets.{number}")
