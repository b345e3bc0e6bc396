"""A converted file into a network: EDM's names as those of `superpose_networks.UNet`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from superpose import Forward, NoiseLevel
from superpose_edm.config import EDMConfig
from superpose_edm.network import EDMUNet, Song, heads
from superpose_edm.preconditioning import Preconditioning
from superpose_networks import LazyNetwork, Part, WeightFile, split_qkv, splits

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


def edm(path: Path, config: EDMConfig) -> LazyNetwork[EDMUNet]:
    """The network in a converted file."""
    build = Song if config.song else EDMUNet
    # The frequencies of time are never rounded: half precision would move the noise levels.
    part = Part(prefix="model.", wide=("map_noise.freqs",))
    return LazyNetwork(lambda: build(config), WeightFile(path), lambda weights: edm_names(weights, config), part)


def preconditioned(network: EDMUNet, around: Preconditioning) -> Forward:
    """The clean image: the network in its dtype, the preconditioning around it in float32."""
    dtype = network.conv_in.weight.dtype

    def forward(x: Tensor, level: NoiseLevel, conditioning: Mapping[str, Tensor]) -> Tensor:
        at = around.at(level.ratio)
        noisy = x / level.alpha  # a clean image plus sigma times noise
        noise = torch.full((), at.noise, device=x.device)
        answer: Tensor = network((at.in_ * noisy).to(dtype), noise, **conditioning)
        # What iDDPM's networks say of the variance is not used, as in EDM.
        return torch.add(at.skip * noisy, answer[:, : x.shape[1]].float(), alpha=at.out)

    return forward


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
