"""U-Nets in files: what diffusers and CompVis write of them, read or refused in one line."""

from __future__ import annotations

import re

import pytest
import torch

from superpose import RecipeError
from superpose_networks.latent import compvis_unet, compvis_unet_names, diffusers_unet


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"addition_embed_type": "text_time"}, "addition_embed_type = 'text_time' is not supported; supported: None"),
        ({"attention_head_dim": [5, 10]}, "has 2 entries, and there are 4 levels"),
        ({"down_block_types": ["SimpleCrossAttnDownBlock2D"] * 4}, "a block 'SimpleCrossAttnDownBlock2D' is not"),
        ({"act_fn": "tanh"}, "act_fn = 'tanh' is not supported"),
        ({"heads": 3}, "heads = 3 is not known"),
        ({"attention_head_dim": 0}, "attention_head_dim = 0 is not supported: heads from 1"),
        ({"attention_head_dim": 400}, "400 attention heads do not share 320 channels"),
        ({"block_out_channels": []}, "block_out_channels = [] is not supported; supported: whole numbers from 1"),
        ({"norm_num_groups": 0}, "norm_num_groups = 0 is not supported"),
        ({"mid_block_type": "UNetMidBlock2DSimpleCrossAttn"}, "mid_block_type = 'UNetMidBlock2DSimpleCrossAttn'"),
    ],
)
def test_unsupported_configurations_are_refused(config, says) -> None:
    with pytest.raises(RecipeError, match=says.replace("[", r"\[")):
        diffusers_unet("unet/config.json", config)


def test_the_defaults_are_those_of_stable_diffusion() -> None:
    shape = diffusers_unet("unet/config.json", {"cross_attention_dim": 768, "_class_name": "UNet2DConditionModel"})
    assert shape.widths == (320, 640, 1280, 1280)
    assert [None if one is None else one.width for one in shape.down] == [40, 80, 160, None]
    assert [None if one is None else one.width for one in shape.up] == [None, 160, 80, 40]
    assert (shape.features, shape.context, shape.middle_blocks, shape.transforms) == (1280, 768, 2, True)


def test_levels_of_the_way_up_are_counted_from_the_bottom() -> None:
    config = {
        "attention_head_dim": [2, 4, 8, 16],
        "cross_attention_dim": [5, 6, 7, 8],
        "layers_per_block": [1, 2, 3, 4],
    }
    shape = diffusers_unet("unet/config.json", config)
    assert [one and (one.heads, one.context) for one in shape.down] == [(2, 5), (4, 6), (8, 7), None]
    assert [one and (one.heads, one.context) for one in shape.up] == [None, (8, 7), (4, 6), (2, 5)]
    assert (shape.middle.heads, shape.middle.context, shape.blocks) == (16, 8, (1, 2, 3, 4))


#: ``unet_config.params`` of Stable Diffusion 1, and of a network whose heads have a width.
COMPVIS = {
    "model_channels": 320, "attention_resolutions": [4, 2, 1], "channel_mult": [1, 2, 4, 4], "num_heads": 8,
    "use_spatial_transformer": True, "context_dim": 768, "image_size": 32, "legacy": False,
}  # fmt: skip


def test_compvis_and_diffusers_describe_one_network() -> None:
    ours = compvis_unet("x.yaml", COMPVIS)
    theirs = diffusers_unet("unet/config.json", {"cross_attention_dim": 768})
    assert ours == theirs


@pytest.mark.parametrize(
    ("changes", "heads", "width"),
    [
        ({"num_heads": -1, "num_head_channels": 64}, [5, 10, 20], 64),
        ({"num_heads": -1, "num_head_channels": 64, "legacy": True}, [5, 10, 20], 64),
        ({"num_heads": -1, "num_head_channels": 32, "use_spatial_transformer": False}, [10, 20, 40], 32),
    ],
)
def test_heads_of_a_width_are_as_many_as_fit(changes, heads, width) -> None:
    shape = compvis_unet("x.yaml", COMPVIS | changes)
    assert [one.heads for one in shape.down if one] == heads
    assert {one.width for one in shape.down if one} == {width}
    assert {one.depth for one in shape.down if one} == {int(changes.get("use_spatial_transformer", True))}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"num_heads": -1}, "the number of attention heads is missing: write num_heads or num_head_channels"),
        ({"num_heads": -1, "num_head_channels": 640}, "0 attention heads do not share 320 channels"),
        ({"channel_mult": []}, "channel_mult = [] is not supported"),
        ({"model_channels": 0}, "model_channels = 0 is not supported"),
        ({"dims": 3}, "dims = 3 is not supported; supported: 2"),
        ({"num_res_blocks": [2, 2]}, "has 2 entries, and there are 4 levels"),
    ],
)
def test_unsupported_networks_of_compvis_are_refused(changes, says) -> None:
    with pytest.raises(RecipeError, match=re.escape(says)):
        compvis_unet("x.yaml", COMPVIS | changes)


def test_joined_rows_are_apart_in_the_order_that_the_file_has() -> None:
    """Of two heads of width 2: [head][q, k, v][d] in the legacy order, [q, k, v][head][d] in the new one."""
    shape = compvis_unet("x.yaml", {"model_channels": 4, "channel_mult": [1], "num_heads": 2, "num_res_blocks": 1})
    for new, rows in ((False, [0, 1, 6, 7]), (True, [0, 1, 2, 3])):
        weights = {"middle_block.1.qkv.bias": torch.arange(12.0)}
        named = compvis_unet_names(weights, shape, new)
        assert named["mid_block.attentions.0.to_q.bias"].tolist() == rows
        assert weights == {}
