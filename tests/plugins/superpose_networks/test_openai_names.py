"""Files that number their blocks load into the same network as files that name them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from superpose import RecipeError
from superpose_networks import UNet2D, UNet2DConfig, assign, openai_names, split_qkv

FIXTURES = Path(__file__).parents[2] / "fixtures"
RESIDUAL = {
    "norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1", "norm2": "out_layers.0",
    "conv2": "out_layers.3", "conv_shortcut": "skip_connection",
}  # fmt: skip
OUTSIDE = {
    "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2", "conv_norm_out": "out.0",
    "class_embedding": "label_emb", "conv_in": "input_blocks.0.0", "conv_out": "out.2",
}  # fmt: skip


def numbered(weights: dict[str, Tensor], config: dict[str, Any], order: str) -> dict[str, Tensor]:
    """The weights of a U-Net as a file that numbers its blocks has them: written from the layout, block by block."""
    found: dict[str, Tensor] = {}

    def move(ours: str, theirs: str, table: dict[str, str]) -> None:
        mine = {name.removeprefix(f"{ours}."): weights[name] for name in list(weights) if name.startswith(f"{ours}.")}
        for name, value in mine.items():
            inner, _, part = name.rpartition(".")
            if not inner.startswith("to_") or inner == "to_out.0":
                stored = value[..., None] if inner == "to_out.0" and part == "weight" else value
                found[".".join(filter(None, (theirs, table.get(inner, inner), part)))] = stored
        if "to_q.weight" in mine:
            heads = len(mine["to_q.weight"]) // config["attention_head_dim"]
            axis = {"new": 0, "legacy": 1, "edm": 2}[order]
            for part in ("weight", "bias"):
                apart = [mine[f"to_{one}.{part}"].unflatten(0, (heads, -1)) for one in "qkv"]
                whole = torch.stack(apart, axis).flatten(0, 2)
                found[f"{theirs}.qkv.{part}"] = whole[..., None] if part == "weight" else whole

    attention = {"group_norm": "norm", "to_out.0": "proj_out"}
    blocks, levels = config["layers_per_block"], len(config["block_out_channels"])
    number = 1
    for level in range(levels):
        for block in range(blocks):
            move(f"down_blocks.{level}.resnets.{block}", f"input_blocks.{number}.0", RESIDUAL)
            move(f"down_blocks.{level}.attentions.{block}", f"input_blocks.{number}.1", attention)
            number += 1
        if level < levels - 1:
            move(f"down_blocks.{level}.downsamplers.0", f"input_blocks.{number}.0", RESIDUAL | {"conv": "op"})
            number += 1
    for i, (ours, table) in enumerate((("resnets.0", RESIDUAL), ("attentions.0", attention), ("resnets.1", RESIDUAL))):
        move(f"mid_block.{ours}", f"middle_block.{i}", table)
    number = 0
    for level in range(levels):
        for block in range(blocks + 1):
            move(f"up_blocks.{level}.resnets.{block}", f"output_blocks.{number}.0", RESIDUAL)
            attends = config["up_block_types"][level].startswith("Attn")
            if attends:
                move(f"up_blocks.{level}.attentions.{block}", f"output_blocks.{number}.1", attention)
            if block == blocks:
                move(f"up_blocks.{level}.upsamplers.0", f"output_blocks.{number}.{1 + attends}", RESIDUAL)
            number += 1
    for ours, theirs in OUTSIDE.items():
        move(ours, theirs, {})
    return found


@settings(max_examples=25, deadline=None)
@given(
    attends=st.lists(st.booleans(), min_size=1, max_size=3),
    blocks=st.integers(1, 2),
    resample=st.sampled_from(["conv", "resnet"]),
    order=st.sampled_from(["legacy", "new", "edm"]),
    classes=st.sampled_from([None, 3]),
    seed=st.integers(0, 2**16),
)
def test_numbered_files_are_the_same_network(attends, blocks, resample, order, classes, seed) -> None:
    torch.manual_seed(seed)
    config: dict[str, Any] = {
        "block_out_channels": [8 * (i + 1) for i in range(len(attends))],
        "down_block_types": ["AttnDownBlock2D" if one else "ResnetDownsampleBlock2D" for one in attends],
        "up_block_types": ["AttnUpBlock2D" if one else "UpBlock2D" for one in reversed(attends)],
        "layers_per_block": blocks, "downsample_type": resample, "upsample_type": resample,
        "attention_head_dim": 4, "norm_num_groups": 2, "num_class_embeds": classes,
    }  # fmt: skip
    network, again = (UNet2D(UNet2DConfig.from_mapping(config)) for _ in range(2))
    file = numbered(network.state_dict(), config, order)
    names = openai_names(dict(file), [blocks] * len(attends), order=order, heads=lambda _, channels: channels // 4)
    assign(again, names, "numbered")
    same = again.state_dict()
    assert all(torch.equal(same[name], value) for name, value in network.state_dict().items())


def test_orders_differ_with_more_than_one_head() -> None:
    rows = torch.arange(12.0)
    assert [one.tolist() for one in split_qkv(rows, "legacy", 2)] == [[0, 1, 6, 7], [2, 3, 8, 9], [4, 5, 10, 11]]
    assert [one.tolist() for one in split_qkv(rows, "new", 2)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
    assert [one.tolist() for one in split_qkv(rows, "edm", 2)] == [[0, 3, 6, 9], [1, 4, 7, 10], [2, 5, 8, 11]]
    assert [one.tolist() for one in split_qkv(rows, "legacy", 1)] == [one.tolist() for one in split_qkv(rows, "new", 1)]


def test_unknown_names_stay_to_be_complained_of() -> None:
    weights = {"betas": torch.zeros(3), "input_blocks.9.0.op.weight": torch.zeros(1)}
    assert openai_names(dict(weights), [1, 1]).keys() == weights.keys()
    network = UNet2D(UNet2DConfig(block_out_channels=(8,), down_block_types=("DownBlock2D",),
                                  up_block_types=("UpBlock2D",), norm_num_groups=2))  # fmt: skip
    with pytest.raises(RecipeError, match="2 unexpected: betas, input_blocks"):
        assign(network, openai_names(dict(weights), [1]), "a file")
