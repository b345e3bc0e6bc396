"""A U-Net by the names of OpenAI's files: the inverse of what is read, written on its own."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

INNER = {
    "norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1", "norm2": "out_layers.0",
    "conv2": "out_layers.3", "conv_shortcut": "skip_connection", "group_norm": "norm", "to_out.0": "proj_out",
}  # fmt: skip
OUTER = {
    "conv_in": "input_blocks.0.0", "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
    "class_embedding": "label_emb", "conv_norm_out": "out.0", "conv_out": "out.2", "mid_block.resnets.0":
    "middle_block.0", "mid_block.attentions.0": "middle_block.1", "mid_block.resnets.1": "middle_block.2",
}  # fmt: skip


def qkv_rows(q: Tensor, k: Tensor, v: Tensor, order: str, width: int) -> Tensor:
    """One matrix for q, k and v with its rows in the order of the file."""
    apart = torch.stack([q, k, v]).unflatten(1, (-1, width))  # (3, heads, width, ...)
    if order == "legacy":
        apart = apart.transpose(0, 1)
    return apart.flatten(0, 2)


def openai_file(state: Mapping[str, Tensor], blocks: int, order: str, width: int) -> dict[str, Tensor]:
    """The tensors of a network with published names, as OpenAI's program would have saved them."""
    file: dict[str, Tensor] = {}
    attending = {name.split(".attentions.")[0] for name in state if ".attentions." in name}
    for name, value in state.items():
        at, inner, part = _module(name)
        here = OUTER.get(at) or _numbered(at, blocks, at.rsplit(".", 2)[0] in attending)
        if inner in ("to_k", "to_v"):
            continue
        if inner == "to_q":
            rows = [state[f"{at}.to_{one}.{part}"] for one in "qkv"]
            joined = qkv_rows(*rows, order, width)
            file[f"{here}.qkv.{part}"] = joined[..., None] if part == "weight" else joined
            continue
        inner = "op" if inner == "conv" and "down" in at else INNER.get(inner, inner)
        pixel = inner == "proj_out" and part == "weight"  # a convolution of length 1
        file[".".join(filter(None, (here, inner, part)))] = value[..., None] if pixel else value.clone()
    return file


def _module(name: str) -> tuple[str, str, str]:
    """The module of the table, the name inside it, and weight or bias."""
    stem, _, part = name.rpartition(".")
    if stem in OUTER:
        return stem, "", part
    pieces = stem.split(".")
    count = 3 if pieces[0] == "mid_block" else 4
    return ".".join(pieces[:count]), ".".join(pieces[count:]), part


def _numbered(at: str, blocks: int, attends: bool) -> str:
    way, level, what, i = at.split(".")
    if way == "down_blocks":
        first = 1 + int(level) * (blocks + 1)
        return f"input_blocks.{first + (blocks if what == 'downsamplers' else int(i))}.{int(what == 'attentions')}"
    first = int(level) * (blocks + 1)
    if what == "upsamplers":
        return f"output_blocks.{first + blocks}.{1 + attends}"
    return f"output_blocks.{first + int(i)}.{int(what == 'attentions')}"
