"""Weights by the names of diffusers, as the files of CompVis and of OpenCLIP have them: written from those layouts."""

from __future__ import annotations

import re
from collections.abc import Iterator

import torch
from torch import Tensor

Weights = dict[str, Tensor]

RESIDUAL = {
    "norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1", "norm2": "out_layers.0",
    "conv2": "out_layers.3", "conv_shortcut": "skip_connection",
}  # fmt: skip
OUTSIDE = {
    "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2", "conv_norm_out": "out.0",
    "conv_in": "input_blocks.0.0", "conv_out": "out.2", "class_embedding": "label_emb",
}  # fmt: skip


def unet_places(levels: int, blocks: int, attends: list[bool]) -> Iterator[tuple[str, str]]:
    """Each module of a U-Net, and where a numbered file has it."""
    number = 1
    for level in range(levels):
        for block in range(blocks):
            yield f"down_blocks.{level}.resnets.{block}", f"input_blocks.{number}.0"
            yield f"down_blocks.{level}.attentions.{block}", f"input_blocks.{number}.1"
            number += 1
        yield f"down_blocks.{level}.downsamplers.0", f"input_blocks.{number}.0"
        number += level < levels - 1
    for i, module in enumerate(("resnets.0", "attentions.0", "resnets.1")):
        yield f"mid_block.{module}", f"middle_block.{i}"
    for level in range(levels):
        for block in range(blocks + 1):
            number = level * (blocks + 1) + block
            yield f"up_blocks.{level}.resnets.{block}", f"output_blocks.{number}.0"
            yield f"up_blocks.{level}.attentions.{block}", f"output_blocks.{number}.1"
        yield f"up_blocks.{level}.upsamplers.0", f"output_blocks.{number}.{1 + attends[levels - 1 - level]}"


def unet_as_compvis(weights: Weights, levels: int, blocks: int, attends: list[bool]) -> Weights:
    places = dict(unet_places(levels, blocks, attends)) | OUTSIDE
    found = {}
    for name, value in weights.items():
        place = max((one for one in places if name.startswith(f"{one}.")), key=len)
        rest = name.removeprefix(f"{place}.")
        if ".resnets." in place or "samplers.0" in place:
            inner, _, part = rest.rpartition(".")
            rest = f"{RESIDUAL.get(inner, 'op' if 'down' in place and inner == 'conv' else inner)}.{part}"
        found[f"{places[place]}.{rest}"] = value
    return found


def first_stage_as_compvis(weights: Weights, levels: int) -> Weights:
    found = {}
    for name, value in weights.items():
        new = re.sub(r"up_blocks\.(\d+)", lambda match: f"up.{levels - 1 - int(match[1])}", name)
        attention = ".attentions." in name
        for old, short in (
            ("down_blocks.", "down."), ("mid_block.resnets.0", "mid.block_1"), ("mid_block.resnets.1", "mid.block_2"),
            ("mid_block.attentions.0", "mid.attn_1"), ("resnets", "block"), ("attentions", "attn"),
            ("conv_shortcut", "nin_shortcut"), ("downsamplers.0", "downsample"), ("upsamplers.0", "upsample"),
            ("conv_norm_out", "norm_out"), ("group_norm", "norm"), ("to_q", "q"), ("to_k", "k"), ("to_v", "v"),
            ("to_out.0", "proj_out"),
        ):  # fmt: skip
            new = new.replace(old, short)
        found[new] = value[:, :, None, None] if attention and value.dim() == 2 else value
    return found


def clip_as_openclip(weights: Weights) -> Weights:
    """A text encoder of transformers as OpenCLIP has it, with the projection that it has besides."""
    found = {"text_projection": torch.zeros(3, 3), "logit_scale": torch.zeros(())}
    for name, value in weights.items():
        new = name.removeprefix("text_model.")
        for old, short in (
            ("embeddings.token_embedding", "token_embedding"),
            ("embeddings.position_embedding.weight", "positional_embedding"),
            ("final_layer_norm", "ln_final"), ("encoder.layers", "transformer.resblocks"), ("layer_norm", "ln_"),
            ("self_attn.", "attn."), ("mlp.fc1", "mlp.c_fc"), ("mlp.fc2", "mlp.c_proj"),
        ):  # fmt: skip
            new = new.replace(old, short)
        found[new] = value
    for name in [name for name in found if ".q_proj." in name]:
        joined = torch.cat([found.pop(name.replace("q_proj", f"{one}_proj")) for one in "qkv"])
        found[name.replace("q_proj.", "in_proj_")] = joined
    return found
